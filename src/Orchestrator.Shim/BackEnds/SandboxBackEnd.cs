using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Programs;
using Orchestrator.Channel;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Psp;

namespace Orchestrator.Shim.BackEnds;

/// <summary>
/// Runs guests in fresh namespaces on the host's kernel (docs/spec/sandbox.md). Nothing isolates them from the host's administrator, and their
/// evidence says so. They have the whole machine's memory and cores, whatever size is asked for.
/// </summary>
/// <param name="psp">Launches them, and speaks for them.</param>
/// <param name="endorsement">Of the agent's measurement, for evidence; null: there is none.</param>
public sealed class SandboxBackEnd(SimulatedPsp psp, ReadOnlyMemory<byte>? endorsement = null) : IBackEnd
{
    private const string Agent = "Orchestrator.Guest";
    private const string Unshare = "unshare";

    // A descriptor can be inherited by whatever is started at that moment: one launch at a time.
    private static readonly Lock s_launching = new();

    private static readonly (string Program, string Package)[] s_tools = [(Unshare, "util-linux"), ("crun", "crun")];

    /// <summary>What a guest of this installation measures: for parties to accept.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NotStarted"/>: it is not installed.</exception>
    public static Measurement MeasureAgent()
    {
        try
        {
            return ProgramMeter.Measure(AppContext.BaseDirectory, Agent + ".dll");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            throw new OrchestratorException(ShimErrors.NotStarted, $"The guest agent cannot be measured: {e.Message}", inner: e);
        }
    }

    /// <inheritdoc/>
    public async Task<RunningGuest> LaunchAsync(Digest policy, GroupSize size, string devices, CancellationToken cancel = default)
    {
        RequireMeans();
        var launch = new GuestLaunch(MeasureAgent(), policy) { FamilyId = GuestLaunch.Sandbox };
        LaunchedGuest launched = psp.Launch(launch);
        using SocketPair channel = SocketPair.Create();
        using SocketPair line = SocketPair.Create();
        Process process = Start(channel, line, devices);
        Task<string> said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        channel.Dispose();
        line.Dispose();
        var guest = new RunningGuest(process, new GuestChannel(channel.Kept), ServeAsync(line, launched), launch) { Endorsement = endorsement };
        try
        {
            await guest.Channel.AskAsync(Operations.State, CborMap.Of(), cancel).ConfigureAwait(false);
            return guest;
        }
        catch (OrchestratorException e) when (e.Code == ChannelErrors.Closed)
        {
            await guest.DisposeAsync().ConfigureAwait(false);
            throw new OrchestratorException(ShimErrors.NotStarted, $"The guest agent ended: {(await said.ConfigureAwait(false)).Trim().ReplaceLineEndings(" ")}", inner: e);
        }
        catch
        {
            await guest.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void RequireMeans()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new OrchestratorException(ShimErrors.NeedsRoot, "Namespaces and mounts can be made by root only.");
        }

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        foreach ((string program, string package) in s_tools)
        {
            if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            {
                throw new OrchestratorException(ShimErrors.ToolMissing, $"{program} is not installed; Debian has it in the package {package}.");
            }
        }
    }

    private static Process Start(SocketPair channel, SocketPair line, string devices)
    {
        // When the shell ends, the first process of the namespaces, so does all that the agent has started; and it ends with the agent, or with
        // unshare. It is not the agent itself: as a first process that did not learn how its containers ended.
        string[] arguments =
        [
            "--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child", "--propagation", "private",
            "/bin/sh", "-c", "\"$@\"; exit $?", "sh",
            Path.Combine(AppContext.BaseDirectory, Agent),
            "--channel", channel.Given.ToString(CultureInfo.InvariantCulture),
            "--psp", line.Given.ToString(CultureInfo.InvariantCulture),
            "--devices", Path.GetFullPath(devices),
        ];
        var start = new ProcessStartInfo(Unshare, arguments) { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        lock (s_launching)
        {
            channel.SetInherited(true);
            line.SetInherited(true);
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception e)
            {
                throw new OrchestratorException(ShimErrors.NotStarted, $"The guest agent cannot be started: {e.Message}", inner: e);
            }
            finally
            {
                channel.SetInherited(false);
                line.SetInherited(false);
            }
        }
    }

    private static async Task ServeAsync(SocketPair line, LaunchedGuest guest)
    {
        await using (line.Kept.ConfigureAwait(false))
        {
            await PspLine.ServeAsync(line.Kept, guest).ConfigureAwait(false);
        }
    }
}
