using System.Text.Json;
using Orchestrator.Attack;
using Orchestrator.Attack.Guests;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>The whole catalogue, as <c>orchestrator attack</c> mounts it: one that is not stopped fails the build.</summary>
public sealed class AttackTests
{
    [Fact]
    public async Task Attacks_All_AreStopped()
    {
        Ending ending = await Executable.RunAsync(Executable.Orchestrator, 10 * Patience.Limit, "attack", "--run", "all", "--json");

        Assert.True(ending.ExitCode == 0, $"{ending.Error}\n{ending.Output}");
        using JsonDocument result = JsonDocument.Parse(ending.Output);
        JsonElement[] attacks = [.. result.RootElement.GetProperty("attacks").EnumerateArray()];
        string[] onGroups = Environment.IsPrivilegedProcess ? [] : [.. GuestRange.All.Select(attack => attack.Card.Name)];
        Assert.Equal(AttackCatalogue.Cards.Select(card => card.Name).Except(onGroups), attacks.Select(attack => attack.GetProperty("name").GetString()));
        Assert.All(attacks, attack => Assert.Equal("stopped", attack.GetProperty("verdict").GetString()));
        Assert.Equal(attacks.Length, result.RootElement.GetProperty("stopped").GetInt32());
        Assert.Contains("an honest job still runs", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attack_MountedAlone_EndsWithTheLineThatScriptsRead()
    {
        Ending ending = await Executable.RunAsync(Executable.Orchestrator, "attack", "--run", "forge-approval");

        Assert.True(ending.ExitCode == 0, ending.ToString());
        Assert.Equal("attacks: stopped=1 of=1", ending.Output.TrimEnd('\n').Split('\n')[^1]);
    }

    [Fact]
    public async Task Attack_OfAnUnknownName_IsRefusedBeforeAnythingStarts()
    {
        Ending ending = await Executable.RunAsync(Executable.Orchestrator, "attack", "--run", "wish-hard");

        ending.AssertFailed(ErrorClass.Usage, AttackErrors.Unknown.Id);
    }
}
