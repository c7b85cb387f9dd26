using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Errors;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>Starts and ends containers with crun. What crun starts it leaves to the agent, whose children containers' processes thereby become.</summary>
internal sealed class ContainerRuntime(RuntimeLog log)
{
    private const string Program = "crun";
    private const string State = $"{GroupFolders.Runtime}/crun";

    private int _calls;

    /// <summary>Creates a container from its root file system, or leaves nothing of it. Its first process waits to be started.</summary>
    /// <param name="id">The container's ID.</param>
    /// <param name="configuration">Of the container.</param>
    /// <param name="isStdioOpen">Whether the host gets the streams.</param>
    /// <returns>The process's number and streams: it is the agent's child from now on.</returns>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.EffectFailed"/>.</exception>
    public async Task<(int Pid, ProcessStreams Stdio)> CreateAsync(string id, JsonObject configuration, bool isStdioOpen)
    {
        string bundle = GroupFolders.ContainerFolder(id);
        string file = Path.Combine(bundle, "config.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString()).ConfigureAwait(false);
        try
        {
            return await StartAsync(["create", "--bundle", bundle], id, isStdioOpen).ConfigureAwait(false);
        }
        catch
        {
            await RunAsync("delete", "--force", id).ConfigureAwait(false);
            throw;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Starts a created container's first process, or deletes the container.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.EffectFailed"/>.</exception>
    public async Task StartAsync(string id)
    {
        if (!await RunAsync("start", id).ConfigureAwait(false))
        {
            await RunAsync("delete", "--force", id).ConfigureAwait(false);
            throw new OrchestratorException(GuestErrors.EffectFailed, "The container runtime could not start.");
        }
    }

    /// <summary>Starts a process in a running container.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.EffectFailed"/>.</exception>
    public async Task<(int Pid, ProcessStreams Stdio)> ExecAsync(string id, JsonObject process, bool isStdioOpen)
    {
        string file = $"{GroupFolders.Runtime}/process-{Interlocked.Increment(ref _calls)}.json";
        await File.WriteAllTextAsync(file, process.ToJsonString()).ConfigureAwait(false);
        try
        {
            (int Pid, ProcessStreams Stdio) started = await StartAsync(["exec", "--detach", "--process", file], id, isStdioOpen).ConfigureAwait(false);
            // What the runtime does for a container's first process it does not for others.
            MemoryShortage.KillFirst(started.Pid);
            return started;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Whether the container was created and not yet deleted.</summary>
    public bool Knows(string id) => Directory.Exists($"{State}/{id}");

    /// <summary>Kills everything in a container, and forgets it.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UnmountFailed"/>: it may still be there.</exception>
    public async Task DeleteAsync(string id)
    {
        if (!await RunAsync("delete", "--force", id).ConfigureAwait(false))
        {
            throw new OrchestratorException(GuestErrors.UnmountFailed, $"Container {id} could not be ended.");
        }
    }

    private async Task<(int Pid, ProcessStreams Stdio)> StartAsync(IEnumerable<string> arguments, string id, bool isStdioOpen)
    {
        string pidFile = $"{GroupFolders.Runtime}/pid-{Interlocked.Increment(ref _calls)}";
        string errors = pidFile + ".log";
        try
        {
            Process crun = Start([.. Global(errors), .. arguments, "--pid-file", pidFile, id]);
            var stdio = new ProcessStreams(crun, isStdioOpen);
            await crun.WaitForExitAsync().ConfigureAwait(false);
            if (crun.ExitCode != 0)
            {
                throw Failed(arguments.First(), errors);
            }

            return (int.Parse(await File.ReadAllTextAsync(pidFile).ConfigureAwait(false), CultureInfo.InvariantCulture), stdio);
        }
        finally
        {
            File.Delete(pidFile);
            File.Delete(errors);
        }
    }

    private async Task<bool> RunAsync(params string[] arguments)
    {
        string errors = $"{GroupFolders.Runtime}/log-{Interlocked.Increment(ref _calls)}";
        using Process crun = Start([.. Global(errors), .. arguments]);
        crun.StandardInput.Close();
        await Task.WhenAll(crun.StandardOutput.ReadToEndAsync(), crun.StandardError.ReadToEndAsync(), crun.WaitForExitAsync()).ConfigureAwait(false);
        Note(arguments[0], errors);
        File.Delete(errors);
        return crun.ExitCode == 0;
    }

    private static IEnumerable<string> Global(string errors) => ["--root", State, "--cgroup-manager=disabled", "--log", errors];

    private static Process Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        return Process.Start(start)!;
    }

    // The runtime quotes the image; what it says goes no further than the agent's own log.
    private OrchestratorException Failed(string deed, string errors)
    {
        Note(deed, errors);
        return new OrchestratorException(GuestErrors.EffectFailed, $"The container runtime could not {deed}.");
    }

    private void Note(string deed, string errors)
    {
        if (File.Exists(errors) && File.ReadAllText(errors) is { Length: > 0 } said)
        {
            log.Note($"crun {deed}: {said.TrimEnd()}");
        }
    }
}
