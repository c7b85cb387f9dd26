using Orchestrator.Containers.Replays;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Enforcement;

public sealed class RecordedSessionTests
{
    [Fact]
    public void The_engine_decides_every_recorded_request_as_the_published_framework_did()
    {
        string path = Path.Combine(Tree.Root, "..", "shared", "vectors", "policy", "sessions.json.gz");
        Assert.SkipUnless(File.Exists(path), "sessions.json.gz is not beside the tree.");
        using FileStream file = File.OpenRead(path);

        ReplayResult result = RecordedSessions.Replay(file);

        Assert.Empty(result.Mismatches.Select(mismatch => mismatch.ToString()));
        Assert.Equal(200, result.Sessions);
        Assert.Equal(3703, result.Steps);
    }
}
