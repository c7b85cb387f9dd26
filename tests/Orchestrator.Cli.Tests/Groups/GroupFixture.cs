using System.Text.Json;

namespace Orchestrator.Cli.Tests.Groups;

/// <summary>A running group of <see cref="GroupFolder.TwoContainers"/> with an endorsement, for commands that leave it as it is.</summary>
public sealed class GroupFixture : IAsyncLifetime
{
    internal const string Name = "two-containers";

    internal GroupFolder Folder { get; } = new();

    internal Command Run { get; private set; } = null!;

    /// <summary>The publisher who endorsed the agent.</summary>
    internal string Issuer { get; private set; } = "";

    internal string Policy { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        GroupFolder.SkipUnlessRunnable();
        string group = Folder.Write("group.yaml", GroupFolder.TwoContainers);
        Issuer = (await Command.RunAsync("group", "endorse", "--publisher", Folder["publisher"], "--out", Folder["agent.cose"], "--json")).Json.GetProperty("issuer").GetString()!;
        JsonElement policy = (await Command.RunAsync("policy", "generate", group, "--json")).Json;
        Policy = policy.GetProperty("digest").GetString()!;
        Run = Command.Start("group", "run", group, "--name", Name, "--psp", Folder["psp"], "--endorsement", Folder["agent.cose"]);
        await Run.UntilAsync("quiet: started", "hello", "trouble");
    }

    public async ValueTask DisposeAsync()
    {
        await (Run?.DisposeAsync() ?? ValueTask.CompletedTask);
        Folder.Dispose();
    }

    /// <summary>Runs a command on the group.</summary>
    internal static Task<CliOutcome> AskAsync(string command, params IEnumerable<string> arguments) => Command.RunAsync(["group", command, "--name", Name, .. arguments]);
}
