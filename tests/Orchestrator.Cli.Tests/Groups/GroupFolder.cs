using System.Diagnostics;

namespace Orchestrator.Cli.Tests.Groups;

/// <summary>A folder with the image of a stock busybox, and group files that use it. Skips where groups cannot run.</summary>
public sealed class GroupFolder : IDisposable
{
    /// <summary>A container that says something, one whose streams stay inside, and what may be started in them.</summary>
    public const string TwoContainers = """
        format: orchestrator/group/v1
        name: two
        containers:
          - name: talk
            image: busybox.tar
            command: [sh, -c, "echo hello; echo trouble >&2; exec sleep 1000"]
            stdio: true
            exec:
              - {command: [echo, from, inside], signals: []}
              - {command: [sh, -c, "echo wrong >&2; exit 7"], signals: []}
              - {command: [sleep, "999"], signals: []}
          - name: quiet
            image: busybox.tar
            command: [sh, -c, "echo secret; exec sleep 1000"]
            exec:
              - {command: [echo, secret], signals: []}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-cli-groups-").FullName;

    public GroupFolder()
    {
        if (!CanRun)
        {
            return;
        }

        using Process script = Process.Start(Repository.PathOf("examples", "join", "busybox-image.sh"), this["busybox.tar"]);
        script.WaitForExit();
        Assert.Equal(0, script.ExitCode);
    }

    private static bool CanRun => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/crun") && File.Exists("/usr/bin/busybox");

    public string this[string name] => Path.Combine(_folder, name);

    public static void SkipUnlessRunnable() => Assert.SkipUnless(CanRun, "Groups need root, crun and busybox-static.");

    /// <summary>A group file of one container, which runs a command of the shell.</summary>
    public static string OneContainer(string command, string more = "") =>
        $"format: orchestrator/group/v1\nname: one\ncontainers:\n  - name: only\n    image: busybox.tar\n    command: [sh, -c, \"{command}\"]\n    stdio: true\n{more}";

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
