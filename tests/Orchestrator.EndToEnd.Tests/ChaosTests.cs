using System.Diagnostics;
using System.Globalization;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>
/// Kill -9 of any part, at every step of a job's life and at random moments: every job completes with the model of a training that nobody
/// interrupted. <c>eng/chaos.sh</c> sets the number of random runs and the seed.
/// </summary>
public sealed class ChaosTests(FragileDeployment deployment) : IClassFixture<FragileDeployment>
{
    private const int MaximumStrikes = 3;

    private static readonly Victim[] s_victims = Enum.GetValues<Victim>();

    public static TheoryData<string, Victim> Steps
    {
        get
        {
            string[] steps = ["queued", "device_assigned", "quote_relayed", "key_package_relayed", "running", "progress", "checkpoint_written", "checkpoint_acknowledged"];
            var data = new TheoryData<string, Victim>();
            foreach (string step in steps)
            {
                data.Add(step, Victim.Everything);
            }

            foreach (Victim victim in s_victims.Except([Victim.Everything]))
            {
                data.Add("quote_relayed", victim);
                data.Add("checkpoint_written", victim);
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
        TimeSpan whole = await TimeAsync();
        int identical = 0;
        for (int run = 1; run <= runs; run++)
        {
            (bool same, string story) = await RunAsync(random, whole);
            identical += same ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chaos: run {run} of {runs}, seed {seed}: {(same ? "identical" : "DIFFERENT")} {story}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chaos: runs={runs} identical={identical}"));
        Assert.Equal(runs, identical);
    }

    private async Task<TimeSpan> TimeAsync()
    {
        long start = Stopwatch.GetTimestamp();
        Digest job = await deployment.Parties.AgreeOnAsync(deployment.CheckpointedJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.ToEndAsync();
        TimeSpan whole = Stopwatch.GetElapsedTime(start);
        Assert.True(await deployment.IsAsUninterruptedAsync(job));
        return whole;
    }

    private async Task<(bool Identical, string Story)> RunAsync(Random random, TimeSpan whole)
    {
        Digest job = await deployment.Parties.AgreeOnAsync(deployment.CheckpointedJob());
        await using JobFollower follower = deployment.Follow(job);
        var struck = new List<string>();
        for (int strikes = random.Next(1, MaximumStrikes + 1); strikes > 0; strikes--)
        {
            TimeSpan moment = whole * random.NextDouble() * 0.8;
            Victim victim = s_victims[random.Next(s_victims.Length)];
            await Task.Delay(moment, TestContext.Current.CancellationToken);
            await deployment.StrikeAsync(victim);
            struck.Add(string.Create(CultureInfo.InvariantCulture, $"{victim}+{moment.TotalSeconds:0.00}s"));
        }

        JobEvent last = await follower.ToEndAsync();
        int resumed = follower.Events.Count(happened => happened.Kind == "running" && happened.Text.Contains("from checkpoint", StringComparison.Ordinal));
        string story = $"({string.Join(", ", struck)}; resumed {resumed} times; {last.Kind} {last.Error?.Code})";
        return (last.State == JobState.Completed && await deployment.IsAsUninterruptedAsync(job), story);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
