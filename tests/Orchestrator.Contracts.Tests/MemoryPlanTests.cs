using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public sealed class MemoryPlanTests
{
    private const int RecordSize = (30 * 4) + 8;
    private const int FrameSize = 10 * 256;

    private readonly ManifestContent _job = new SampleJob().Content;

    [Fact]
    public void Plan_OfAJob_CountsWhatIsInTheTilesAtATime()
    {
        Dictionary<string, long> parts = MemoryPlan.Of(_job).Parts.ToDictionary(part => part.Name, part => part.Bytes);

        Assert.Equal(9000, parts["program"]);
        Assert.Equal((8000, 8000, 16000, 8000, 0), (parts["parameters"], parts["gradients"], parts["optimizer"], parts["model"], parts["checkpoint"]));
        Assert.Equal((12 * FrameSize, 2 * FrameSize), (parts["frames_ahead"], parts["frames_open"]));
        Assert.Equal(65 * 32 * RecordSize, parts["batches"]);
        Assert.Equal(1 << 20, parts["workspace"]);
        Assert.Equal(parts.Values.Sum(), MemoryPlan.Of(_job).Total);
    }

    [Fact]
    public void Plan_DoesNotGrowWithTheData()
    {
        ManifestStream stream = _job.Streams[1];
        long records = 1L << 30;
        ManifestContent large = _job with { Streams = _job.Streams.SetItem(1, stream with { Records = records, Frames = (records * RecordSize / FrameSize) + 1 }) };

        Assert.Equal(MemoryPlan.Of(_job).Total, MemoryPlan.Of(large).Total);
        Assert.True(records * RecordSize > 100 * MemoryPlan.Of(large).Total);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.9, 1)]
    public void Plan_OfSgd_CountsMomentumOnlyWhereThereIsSome(double momentum, int values)
    {
        ManifestContent job = _job with { Plan = _job.Plan with { Optimizer = new Optimizer.Sgd { LearningRate = 1, Momentum = momentum } } };
        Assert.Equal(values * 8000, MemoryPlan.Of(job).Parts.Single(part => part.Name == "optimizer").Bytes);
    }

    [Fact]
    public void RequireFits_AtTheLimit_PassesAndBelowItNamesTheLargestPart()
    {
        var plan = MemoryPlan.Of(_job);
        plan.RequireFits(plan.Total);
        var refusal = Assert.Throws<OrchestratorException>(() => plan.RequireFits(plan.Total - 1));

        Assert.Same(ContractErrors.MemoryExceeded, refusal.Code);
        Assert.Contains("1 more than", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("workspace", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFits_WhereFramesAreTooLarge_NamesTheStreamAndItsOwner()
    {
        ManifestContent job = _job with { Streams = _job.Streams.SetItem(2, _job.Streams[2] with { FrameSize = 128 * 100_000 }) };
        var refusal = Assert.Throws<OrchestratorException>(() => MemoryPlan.Of(job).RequireFits(1 << 24));

        Assert.Contains("stream 3 of clinic-b", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("clinic-b seal stream 3 again with smaller frames", refusal.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("memory", "total")]
    [InlineData("memory", "frames_ahead")]
    [InlineData("reads", "seed")]
    public void Decode_OfAPlanThatDoesNotFollowFromTheRest_IsRefused(string table, string entry)
    {
        var manifest = (CborMap)CborValue.Decode(new SampleJob().Manifest.Encoding);
        CborValue altered = Alter(manifest, table, inner => Alter((CborMap)inner, entry, value => ((CborInt)value).Value + 1));
        var refusal = Assert.Throws<OrchestratorException>(() => Manifest.Decode(altered.Encode()));

        Assert.Same(ContractErrors.ManifestInvalid, refusal.Code);
        Assert.Contains($"{table}.{entry}", refusal.Message, StringComparison.Ordinal);
    }

    private static CborMap Alter(CborMap map, string key, Func<CborValue, CborValue> alter) =>
        new(map.Entries.Select(entry => (entry.Key, entry.Key.Equals((CborValue)key) ? alter(entry.Value) : entry.Value)));
}
