using System.Text;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Tests;

namespace Orchestrator.Data.Tests.Plans;

/// <summary>Against encodings that tests/Vectors/plan/generate.py wrote.</summary>
public sealed class EncodingVectorTests
{
    [Fact]
    public void Plans_ReadFromTheirDocuments_HaveTheVectorsEncoding()
    {
        using var vectors = Tree.Vectors("plan", "vectors.json");
        foreach (var vector in vectors.RootElement.GetProperty("plans").EnumerateArray())
        {
            var encoding = Convert.FromHexString(vector.GetProperty("encoding").GetString()!);
            var document = CborJson.Parse(Encoding.UTF8.GetBytes(vector.GetProperty("document").GetRawText()));
            var plan = TrainingPlan.FromDocument(document.As("plan"));
            Assert.Equal(encoding, plan.ToCbor().Encode());
            Assert.Equal(plan, TrainingPlan.FromCbor(CborValue.Decode(encoding).As("plan")));
        }
    }

    [Fact]
    public void Schemas_ReadFromTheirDocuments_HaveTheVectorsEncoding()
    {
        using var vectors = Tree.Vectors("plan", "vectors.json");
        foreach (var vector in vectors.RootElement.GetProperty("schemas").EnumerateArray())
        {
            var encoding = Convert.FromHexString(vector.GetProperty("encoding").GetString()!);
            var document = CborJson.Parse(Encoding.UTF8.GetBytes(vector.GetProperty("document").GetRawText()));
            var schema = DataSchema.FromCbor(document.As("schema"));
            Assert.Equal(encoding, schema.ToCbor().Encode());
            Assert.Equal(schema, DataSchema.Decode(encoding));
        }
    }
}
