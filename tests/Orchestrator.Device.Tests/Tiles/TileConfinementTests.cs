using System.Diagnostics;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Tiles;

/// <summary>What a program could do inside of the tiles' confinement, tried with a shell in the tiles' place.</summary>
public sealed class TileConfinementTests : IDisposable
{
    private readonly TemporaryFolder _program = new();

    public TileConfinementTests()
    {
        Assert.SkipUnless(TileConfinement.IsAvailable(_program.Path), "bubblewrap does not work on this machine.");
        File.WriteAllText(_program["own.json"], "own file");
    }

    [Fact]
    public void Inside_OwnFiles_CanBeReadAndNotWritten()
    {
        Assert.Equal("own file", Try("cat own.json"));
        Assert.Equal("refused", Try("{ echo x > own.json; } 2>/dev/null || echo refused"));
        Assert.Equal("refused", Try("{ echo x > new; } 2>/dev/null || echo refused"));
        Assert.Equal("refused", Try("{ echo x > /new; } 2>/dev/null || echo refused"));
        Assert.Equal("own file", File.ReadAllText(_program["own.json"]));
    }

    [Fact]
    public void Inside_StateInTheProgramsFolder_IsNotThere()
    {
        Directory.CreateDirectory(_program["device-state"]);
        File.WriteAllText(Path.Combine(_program["device-state"], "uds"), "secret");
        File.WriteAllText(_program["party.key"], "secret");
        Assert.Equal("own.json", Try("ls"));
    }

    [Theory]
    [InlineData("/home")]
    [InlineData("/root")]
    [InlineData("/var")]
    [InlineData("/sys")]
    [InlineData("/etc/passwd")]
    [InlineData("/etc/hosts")]
    public void Inside_OtherPlaces_AreNotThere(string path) => Assert.Equal("absent", Try($"test -e {path} && echo there || echo absent"));

    [Fact]
    public void Inside_FilesOfOthers_AreNotThere()
    {
        using var other = new TemporaryFolder();
        File.WriteAllText(other["secret"], "secret");
        Assert.Equal("absent", Try($"test -e {other["secret"]} && echo there || echo absent"));
    }

    [Fact]
    public void Inside_Processes_AreOnlyItsOwn() => Assert.DoesNotContain($"{Environment.ProcessId}", Try("ls /proc").Split('\n'));

    [Fact]
    public void Inside_Network_IsOnlyALoopbackOfItsOwn() => Assert.Equal("lo", Try("cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '"));

    [Fact]
    public void Inside_Environment_IsWhatTheTilesNeed()
    {
        Environment.SetEnvironmentVariable("ORCHESTRATOR_TEST_SECRET", "secret");
        IEnumerable<string> names = Try("env").Split('\n').Select(line => line.Split('=')[0]);
        Assert.Empty(names.Except(["DOTNET_ROOT", "DOTNET_EnableDiagnostics", "HOME", "PWD", "SHLVL", "_", "OLDPWD"]));
    }

    [Fact]
    public void Inside_Capabilities_AreNone() => Assert.Equal("CapEff:\t0000000000000000", Try("grep CapEff /proc/self/status"));

    [Fact]
    public void Inside_NewPrivileges_AreOutOfReach() => Assert.Equal("NoNewPrivs:\t1", Try("grep NoNewPrivs /proc/self/status"));

    // What a program that escaped from libtorch's hands would try, in the tiles' place.
    [Theory]
    [InlineData("exec 3<>/dev/tcp/127.0.0.1/$PORT")]
    [InlineData("exec 3<>/dev/tcp/192.0.2.1/53")]
    [InlineData("kill -0 $OUTSIDE")]
    [InlineData("cat /proc/$OUTSIDE/status")]
    [InlineData("cat /proc/1/mem")]
    [InlineData("echo 1 > /proc/sys/kernel/yama/ptrace_scope")]
    [InlineData("mount -t tmpfs none /tmp")]
    [InlineData("chroot / true")]
    [InlineData("touch /usr/probe")]
    [InlineData("ls /dev/sda /dev/mem /dev/kmsg")]
    [InlineData("ls /run /tmp/..?*")]
    public void Probe_OfEverythingElse_FindsNothing(string attempt)
    {
        using var outside = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        outside.Start();
        int port = ((System.Net.IPEndPoint)outside.LocalEndpoint).Port;
        Assert.Equal("refused", Try($"PORT={port} OUTSIDE={Environment.ProcessId} bash -c '({attempt}) > /dev/null 2>&1 && echo done || echo refused'"));
        Assert.False(outside.Pending());
    }

    public void Dispose() => _program.Dispose();

    private string Try(string script)
    {
        ProcessStartInfo start = TileConfinement.Wrap(_program.Path, ["/bin/sh", "-c", script]);
        start.RedirectStandardOutput = true;
        using Process shell = Process.Start(start)!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output.TrimEnd('\n');
    }
}
