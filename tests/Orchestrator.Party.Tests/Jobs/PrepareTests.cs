using System.Security.Cryptography;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;

namespace Orchestrator.Sdk.Tests.Jobs;

/// <summary>The section <c>prepare</c> of a job file, from text to manifest and back to words.</summary>
public sealed class PrepareTests : IAsyncLifetime
{
    private Consortium _parties = null!;

    public async ValueTask InitializeAsync()
    {
        _parties = await Consortium.CreateAsync();
        File.WriteAllText(_parties["schema.yaml"], Samples.SchemaYaml);
        File.WriteAllText(_parties["policy.rego"], "package policy\n");
        File.WriteAllText(_parties["root.pem"], PemEncoding.WriteString("CERTIFICATE", new TestVendor().RootDer));
        File.WriteAllText(_parties["raw.csv"], "id,height\n1,1.7\n");
        await _parties.ClinicA.SealFileAsync(_parties["raw.csv"], _parties["raw.itx"]);
    }

    public ValueTask DisposeAsync()
    {
        _parties.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Compile_AStage_PinsItsPolicyFilesAndLimits()
    {
        Manifest manifest = Compile();
        ManifestStage stage = Assert.Single(manifest.Content.Stages);

        Assert.Equal(Digest.Of("package policy\n"u8), stage.Policy);
        Assert.Equal(("raw.csv", "clinic-a", 16L), (stage.Inputs[0].Name, stage.Inputs[0].Owner, stage.Inputs[0].Bytes));
        ManifestStream made = manifest.Content.Streams.Single(stream => stream.IsPrepared);
        Assert.Equal((4, "clean", StreamRole.Train, 100L), (made.Id, made.Owner, made.Role!.Value, made.Records));
        Assert.Equal([new StageOutput("clean.csv", 4)], stage.Outputs);
        Assert.True(manifest.FindParty("clinic-a")!.Roles.HasFlag(PartyRoles.Data));
        Assert.Equal(manifest.Digest, Compile().Digest);
    }

    [Fact]
    public void Review_SaysWhatIsPrepared_AndForWhichDevices()
    {
        string words = JobReview.Describe(Compile(), "clinic-a");

        foreach (string said in new[] { "file raw.csv for stage clean: 16 bytes", "under execution policy " + Digest.Of("package policy\n"u8), "which the group makes and nobody else can read", "tolerating simulated devices" })
        {
            Assert.Contains(said, words, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("prepared", JobReview.Describe(_parties.Compile(), "lab"), StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_ShowsAChangedStage()
    {
        Manifest before = Compile();
        File.WriteAllText(_parties["policy.rego"], "package policy # changed\n");

        Assert.Contains(JobDiff.Between(before, Compile()).Changes, change => change.What == "stage clean");
    }

    [Theory]
    [InlineData("owner: clinic-a", "owner: clinic-b", "job-inconsistent")]
    [InlineData("sealed: raw.itx", "sealed: a.itx", "job-inconsistent")]
    [InlineData("name: clean\n", "name: lab\n", "manifest-invalid")]
    [InlineData("roots: [root.pem]", "roots: []", "manifest-invalid")]
    [InlineData("most_records: 100", "most_records: 0", "yaml-value")]
    [InlineData("allow: [simulated_devices]", "allow: [debug]", "yaml-value")]
    [InlineData("policy: policy.rego", "policy: gone.rego", "storage-missing")]
    public void Compile_AStageThatDoesNotFit_IsRefused(string part, string other, string code) =>
        Assert.Equal(code, Failures.CodeOf(() => Compile(Prepare.Replace(part, other, StringComparison.Ordinal))).Id);

    private const string Prepare = """

        prepare:
          - name: clean
            policy: policy.rego
            measurements: [111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111]
            inputs:
              - {name: raw.csv, owner: clinic-a, sealed: raw.itx}
            outputs:
              - {name: clean.csv, role: train, schema: schema.yaml, most_records: 100}
            devices: {roots: [root.pem], allow: [simulated_devices]}
        """;

    private Manifest Compile(string prepare = Prepare) => JobCompiler.Compile(JobFile.Parse(_parties.JobYaml() + prepare, Path.GetDirectoryName(_parties["schema.yaml"])));
}
