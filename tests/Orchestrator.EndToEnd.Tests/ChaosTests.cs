using System.Globalization;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>
/// Kill -9 of any part, at every step of a job's life and at random moments: every job completes with the model of a training that nobody
/// interrupted, and every agent attends on. A few cases stand for all unless <c>ORCHESTRATOR_CHAOS=all</c>; <c>eng/chaos.sh</c> sets the number of random runs and the seed.
/// </summary>
public sealed class ChaosTests(FragileDeployment deployment) : IClassFixture<FragileDeployment>
{
    private const int MaximumStrikes = 3;

    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(0.5);

    private static readonly string[] s_steps = ["queued", "device_assigned", "quote_relayed", "key_package_relayed", "running", "progress", "checkpoint_written", "checkpoint_acknowledged"];

    private static readonly Victim[] s_victims = Enum.GetValues<Victim>();

    public static TheoryData<string, Victim> Steps
    {
        get
        {
            bool all = Environment.GetEnvironmentVariable("ORCHESTRATOR_CHAOS") == "all";
            string[] steps = all ? s_steps : ["key_package_relayed", "checkpoint_acknowledged"];
            var data = new TheoryData<string, Victim>();
            foreach (string step in steps)
            {
                data.Add(step, Victim.Everything);
            }

            foreach (Victim victim in all ? s_victims.Except([Victim.Everything]) : [Victim.Tiles, Victim.Device, Victim.Host])
            {
                data.Add("checkpoint_written", victim);
            }

            foreach (Victim victim in all ? s_victims.Except([Victim.Everything]) : [Victim.AgentOfClinicB])
            {
                data.Add("quote_relayed", victim);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Kill_AtAStepOfTheJobsLife_LeavesTheModelAsItIs(string step, Victim victim)
    {
        Digest job = await deployment.Parties.AgreeOnAsync(deployment.CheckpointedJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.UntilAsync(step);
        await deployment.StrikeAsync(victim);

        JobEvent last = await follower.ToEndAsync();

        Assert.True(last.State == JobState.Completed, follower.ToString());
        Assert.True(await deployment.IsAsUninterruptedAsync(job));
        Assert.Empty(await deployment.DeadAgentsAsync());
        if (step == "checkpoint_acknowledged")
        {
            Assert.Contains(follower.Events, happened => happened.Kind == "running" && happened.Text.Contains("from checkpoint", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Kill_AtRandomMoments_LeavesEveryModelAsItIs()
    {
        int runs = Setting("ORCHESTRATOR_CHAOS_RUNS", 2);
        int seed = Setting("ORCHESTRATOR_CHAOS_SEED", 1);
        var random = new Random(seed);
        int identical = 0;
        for (int run = 1; run <= runs; run++)
        {
            (bool same, string story) = await TryRunAsync(random);
            identical += same ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chaos: run {run} of {runs}, seed {seed}: {(same ? "identical" : "DIFFERENT")} {story}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chaos: runs={runs} identical={identical}"));
        Assert.Equal(runs, identical);
    }

    private async Task<(bool Identical, string Story)> RunAsync(Random random)
    {
        Digest job = await deployment.Parties.AgreeOnAsync(deployment.CheckpointedJob());
        await using JobFollower follower = deployment.Follow(job);
        var struck = new List<string>();
        for (int strikes = random.Next(1, MaximumStrikes + 1); strikes > 0; strikes--)
        {
            // One in three strikes into the recovery from the one before.
            string step = struck.Count > 0 && random.Next(3) == 0 ? "" : s_steps[random.Next(s_steps.Length)];
            TimeSpan moment = s_longestPause * random.NextDouble();
            Victim victim = s_victims[random.Next(s_victims.Length)];
            if (step.Length > 0 && !await follower.TryUntilAsync(step))
            {
                break;
            }

            await Task.Delay(moment, TestContext.Current.CancellationToken);
            await deployment.StrikeAsync(victim);
            struck.Add(string.Create(CultureInfo.InvariantCulture, $"{victim} at {step}+{moment.TotalSeconds:0.00}s"));
        }

        JobEvent last = await follower.ToEndAsync();
        int lost = follower.Events.Count(happened => happened.Kind == "requeued");
        int resumed = follower.Events.Count(happened => happened.Kind == "running" && happened.Text.Contains("from checkpoint", StringComparison.Ordinal));
        string dead = await deployment.DeadAgentsAsync();
        string story = $"({string.Join(", ", struck)}; {lost} attempts lost, resumed {resumed} times; {last.Kind} {last.Error?.Code}{dead})";
        bool same = last.State == JobState.Completed && await deployment.IsAsUninterruptedAsync(job);
        return (same && dead.Length == 0, same ? story : $"{story} {follower}");
    }

    // One that never ends is a run that failed; the next ones may tell more.
    private async Task<(bool Identical, string Story)> TryRunAsync(Random random)
    {
        try
        {
            return await RunAsync(random);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or OrchestratorException)
        {
            return (false, $"({e.Message}) {await deployment.DeadAgentsAsync()}");
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
