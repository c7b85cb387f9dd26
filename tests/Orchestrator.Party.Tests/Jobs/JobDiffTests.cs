using Orchestrator.Contracts.Manifests;

namespace Orchestrator.Sdk.Tests.Jobs;

public sealed class JobDiffTests : IAsyncLifetime
{
    private Consortium _parties = null!;

    public async ValueTask InitializeAsync() => _parties = await Consortium.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _parties.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Diff_OfAJobWithItself_IsEmpty()
    {
        JobDiff diff = JobDiff.Between(_parties.Compile(), _parties.Compile());

        Assert.Empty(diff.Changes);
        Assert.Empty(diff.MustApprove);
        Assert.False(diff.CheckpointsLost);
    }

    [Fact]
    public void Diff_OfAnotherPlan_TouchesAllAndLosesCheckpoints()
    {
        JobFile job = JobFile.Parse(_parties.JobYaml(), _parties[""]) with { CheckpointEveryEpochs = 1 };
        JobDiff diff = JobDiff.Between(JobCompiler.Compile(job), JobCompiler.Compile(job with { Plan = job.Plan with { Epochs = 7 } }));

        Assert.Equal("plan", Assert.Single(diff.Changes).What);
        Assert.Equal(["clinic-a", "clinic-b", "lab"], diff.MustApprove);
        Assert.Equal(["clinic-a", "clinic-b", "lab"], diff.Affected);
        Assert.Empty(diff.KeysOfNoUse);
        Assert.True(diff.CheckpointsLost);
    }

    [Fact]
    public async Task Diff_OfOnePartysData_TouchesThatPartyAndNamesTheKeyOfNoUse()
    {
        Manifest before = _parties.Compile();
        File.WriteAllText(_parties["b.csv"], Samples.Csv(33));
        await _parties.ClinicB.SealAsync(_parties["b.csv"], Samples.Schema, _parties["b.itx"]);

        JobDiff diff = JobDiff.Between(before, _parties.Compile());

        Assert.Equal(["clinic-b"], diff.Affected);
        Assert.Equal("stream 3", Assert.Single(diff.Changes).What);
        Assert.Equal("clinic-b", Assert.Single(diff.KeysOfNoUse).Owner);
        Assert.Equal(3, diff.MustApprove.Count);
    }

    [Fact]
    public void Review_OfAJob_SaysWhatThePartyGivesAndWhatLeaves()
    {
        Manifest manifest = _parties.Compile();
        string review = JobReview.Describe(manifest, "clinic-a");

        Assert.Contains(manifest.Digest.ToString(), review, StringComparison.Ordinal);
        Assert.Contains(manifest.StreamsOf("clinic-a").Single().Digest.ToString(), review, StringComparison.Ordinal);
        Assert.Contains("40 records", review, StringComparison.Ordinal);
        Assert.Contains("model \"model\", readable by lab and nobody else", review, StringComparison.Ordinal);
        Assert.Contains("no metrics", review, StringComparison.Ordinal);
        Assert.All(_parties.All, party => Assert.Contains(party.Identity.ToString(), review, StringComparison.Ordinal));
    }
}
