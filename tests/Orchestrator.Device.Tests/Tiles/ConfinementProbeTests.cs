using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Tiles;

/// <summary>The tile program's own probe, in the confinement that it has in use, and in ones that each lack something.</summary>
public sealed class ConfinementProbeTests
{
    private const string Nothing = "";

    private static string Tiles => AppContext.BaseDirectory.TrimEnd('/');

    public ConfinementProbeTests() => Assert.SkipUnless(TileConfinement.IsAvailable(Tiles), "bubblewrap does not work on this machine.");

    [Fact]
    public async Task Probe_InTheTilesConfinement_FindsNothing() => Assert.Empty(await ProbeAsync());

    [Theory]
    [InlineData("--unshare-net", Nothing, "namespaces: net:", "network: 127.0.0.1:", "network: the abstract Unix socket orchestrator-probe-")]
    [InlineData("--unshare-ipc", Nothing, "namespaces: ipc:")]
    [InlineData("--unshare-uts", Nothing, "namespaces: uts:")]
    [InlineData("--unshare-cgroup-try", Nothing, "namespaces: cgroup:")]
    [InlineData("--unshare-pid|--proc /proc", "|--ro-bind /proc /proc", "namespaces: pid:", "processes: ")]
    [InlineData("--disable-userns", Nothing, "privileges: a user namespace can be made")]
    [InlineData("--new-session", Nothing, "privileges: the session")]
    [InlineData("--clearenv", Nothing, "environment: A_TEST_SECRET")]
    [InlineData("--remount-ro / ", Nothing, "writing: / ")]
    [InlineData("--ro-bind /usr /usr", "--bind /usr /usr", "writing: /usr ")]
    [InlineData("--ro-bind /etc/ld.so.cache /etc/ld.so.cache", "--ro-bind /etc /etc", "files: /etc/")]
    [InlineData("--dev /dev", "--dev-bind /dev /dev --ro-bind /sys /sys", "files: /sys ", "files: /dev/")]
    [InlineData("--remount-ro /tmp ", Nothing, "writing: /tmp")]
    public async Task Probe_WithoutAPartOfTheConfinement_FindsJustThat(string part, string instead, params string[] findings)
    {
        Environment.SetEnvironmentVariable("A_TEST_SECRET", "secret");
        AssertJust(findings, await ProbeAsync(arguments => Replace(arguments, part, instead)));
    }

    // Who is not root has none of these to lose.
    [Theory]
    [InlineData("--cap-drop ALL", Nothing, "privileges: capabilities Cap")]
    [InlineData("--unshare-user|--disable-userns", "|", "namespaces: user:", "privileges: a user namespace can be made")]
    [InlineData("--tmpfs /proc/sys --remount-ro /proc/sys", Nothing, "writing: /proc/sys/")]
    public async Task Probe_OfRootsTilesWithoutAPartOfTheConfinement_FindsJustThat(string part, string instead, params string[] findings)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The test does not run as root.");
        AssertJust(findings, await ProbeAsync(arguments => Replace(arguments, part, instead)));
    }

    [Fact]
    public async Task Probe_OfASecretInAFolderThatTheTilesSee_NamesIt()
    {
        string secret = Path.Combine(Tiles, "Orchestrator.Tiles.dll");
        Assert.Equal([$"files: {secret} can be seen"], await ProbeAsync(secrets: secret));
    }

    private static void AssertJust(string[] expected, IReadOnlyCollection<string> findings)
    {
        Assert.All(expected, start => Assert.Contains(findings, finding => finding.StartsWith(start, StringComparison.Ordinal)));
        string[] groups = [.. expected.Select(start => start.Split(':')[0])];
        Assert.All(findings, finding => Assert.Contains(finding.Split(':')[0], groups));
    }

    // The first part becomes the first one instead, and so on.
    private static string Replace(string arguments, string parts, string instead) =>
        parts.Split('|').Zip(instead.Split('|')).Aggregate(arguments, (changed, pair) =>
        {
            Assert.Contains(pair.First, changed, StringComparison.Ordinal);
            return changed.Replace(pair.First, pair.Second, StringComparison.Ordinal);
        });

    private static async Task<IReadOnlyCollection<string>> ProbeAsync(Func<string, string>? change = null, params string[] secrets)
    {
        TileMemory memory = TileMemory.Create(0);
        ProcessStartInfo start = TileConfinement.Wrap(Tiles, [Path.Combine(Tiles, FirmwareMeter.TilesProgram), "serve", $"{memory.File.DangerousGetHandle()}"]);
        string[] arguments = (change ?? (same => same))(string.Join(' ', start.ArgumentList)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await using var tiles = TileProcess.Start(new ProcessStartInfo(start.FileName, arguments), memory, NullLogger.Instance);
        return await Surroundings.ProbeFromAsync(tiles.Channel, Tiles, secrets, TestContext.Current.CancellationToken);
    }
}
