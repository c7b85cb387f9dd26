using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Users;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Guest.Decisions;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Kernel;
using Orchestrator.Guest.Processes;

namespace Orchestrator.Guest.Serving;

/// <summary>Requests about containers and processes.</summary>
internal sealed class ContainerRequests(Gate gate, Storage storage, ContainerRuntime runtime, ProcessTable processes, FinishedWork work)
{
    private static readonly CborMap s_done = CborMap.Of();

    public Task<CborValue> CreateAsync(CborField body)
    {
        ContainerSpec spec = ContainerSpec.FromCbor(body);
        GroupFolders.RequireId(spec.Id);
        Account account = null!;
        return gate.PerformAsync(
            () => Request(spec, account = AccountOf(spec.Id, spec.Process)),
            decision => CreateAsync(spec, account, decision));
    }

    public Task<CborValue> ExecAsync(CborField body)
    {
        (string container, ProcessSpec spec) = body.ReadMap(map =>
            (GroupFolders.RequireId(map.Required("container").AsText(256)), ProcessSpec.FromCbor(map.Required("process"))));
        Account account = null!;
        return gate.PerformAsync(
            () => new ExecInContainer(container, Request(spec), Privileges(spec, account = AccountOf(container, spec), IsPrivileged(container))),
            decision => ExecAsync(container, spec, account, decision));
    }

    public Task<CborValue> ExecExternalAsync(CborField body)
    {
        ProcessSpec spec = body.ReadMap(map => ProcessSpec.FromCbor(map.Required("process")));
        return gate.PerformAsync(() => new ExecExternal(Request(spec)), decision => Task.FromResult(StartExternal(spec, decision)));
    }

    public Task<CborValue> SignalAsync(CborField body)
    {
        (string container, GuestProcess process, int signal) = body.ReadMap(map => (
            GroupFolders.RequireId(map.Required("container").AsText(256)), processes.Find(map.Required("process").AsInt64()), map.Required("signal").AsInt32(1, 64)));
        if (process.Container != container)
        {
            throw new OrchestratorException(GuestErrors.ProcessUnknown, $"Process {process.Id} is not of container {container}.");
        }

        return gate.PerformAsync<CborValue>(() => new SignalProcess(container, signal, process.IsInit, process.Command), decision =>
        {
            process.Signal(signal);
            work.Note(container, decision.Next.Candidates.GetValueOrDefault(container, []));
            return Task.FromResult<CborValue>(s_done);
        });
    }

    public Task<CborValue> ShutdownAsync(CborField body)
    {
        string container = body.ReadMap(map => GroupFolders.RequireId(map.Required("container").AsText(256)));
        return gate.PerformAsync<CborValue>(() => new ShutdownContainer(container), async _ =>
        {
            // Shutting down twice is admitted; there is nothing to be done the second time.
            if (processes.InitOf(container) is { } init && runtime.Knows(container))
            {
                await runtime.DeleteAsync(container).ConfigureAwait(false);
                await init.Exit.ConfigureAwait(false);
            }

            return s_done;
        });
    }

    private async Task<CborValue> CreateAsync(ContainerSpec spec, Account account, Decision decision)
    {
        if (!storage.HasOverlay(GroupFolders.RootFileSystem(spec.Id)) || processes.InitOf(spec.Id) is not null)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"Container {spec.Id} has no root file system, or was created before.");
        }

        PlannedProcess process = Plan(spec.Process, account, decision, spec.Privileged);
        using var mounts = SandboxMounts.Open(spec.Mounts);
        bool isOpen = decision.AllowStdioAccess == true;
        (int, ProcessStreams) started = await runtime.CreateAsync(
            spec.Id, RuntimeConfiguration.Container(process, spec.Id, mounts.Folders, spec.Privileged, spec.Seccomp.Span), isOpen).ConfigureAwait(false);
        await runtime.StartAsync(spec.Id).ConfigureAwait(false);
        work.Note(spec.Id, decision.Next.Candidates.GetValueOrDefault(spec.Id, []));
        return Answer(processes.Add(started, spec.Id, isInit: true, process.Command), process);
    }

    private async Task<CborValue> ExecAsync(string container, ProcessSpec spec, Account account, Decision decision)
    {
        GuestProcess init = processes.InitOf(container) is { Exit.IsCompleted: false } running
            ? running : throw new OrchestratorException(GuestErrors.ProcessUnknown, $"Container {container} does not run.");
        PlannedProcess process = Plan(spec, account, decision, IsPrivileged(container));
        (int, ProcessStreams) started = await runtime.ExecAsync(container, RuntimeConfiguration.Process(process), init.Stdio.IsOpen).ConfigureAwait(false);
        work.Note(container, decision.Next.Candidates.GetValueOrDefault(container, []));
        return Answer(processes.Add(started, container, isInit: false, process.Command), process);
    }

    private CborValue StartExternal(ProcessSpec spec, Decision decision)
    {
        PlannedProcess process = Plan(spec, new Account(new Identity("0", ""), [new Identity("0", "")]), decision, privileged: false);
        var start = new ProcessStartInfo(process.Command[0], process.Command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = process.WorkingDirectory,
        };
        start.Environment.Clear();
        foreach (string variable in process.Environment)
        {
            string[] parts = variable.Split('=', 2);
            start.Environment[parts[0]] = parts.ElementAtOrDefault(1) ?? "";
        }

        Process started = Process.Start(start)!;
        MemoryShortage.KillFirst(started.Id);
        return Answer(processes.Add((started.Id, new ProcessStreams(started, decision.AllowStdioAccess == true)), container: null, isInit: false, process.Command, ExitOf(started)), process);
    }

    private static async Task<int> ExitOf(Process process)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode;
    }

    // Before there is a root file system nobody is known in it; the policy refuses the request then.
    private Account AccountOf(string container, ProcessSpec spec)
    {
        string root = GroupFolders.RootFileSystem(container);
        return (storage.HasOverlay(root) ? RootAccounts.Read(root) : RootAccounts.None).Find(spec.User);
    }

    private static CreateContainer Request(ContainerSpec spec, Account account) => new(spec.Id, Request(spec.Process), Privileges(spec.Process, account, spec.Privileged))
    {
        Mounts = spec.Mounts,
        Devices = [],
        Privileged = spec.Privileged,
        SeccompProfile = spec.Seccomp.IsEmpty ? "" : Convert.ToHexStringLower(SHA256.HashData(spec.Seccomp.Span)),
        IsSandboxContainer = false,
        SandboxDirectory = GroupFolders.Shared,
        HugePagesDirectory = GroupFolders.HugePages,
    };

    private static ProcessRequest Request(ProcessSpec spec) => new(spec.Command, spec.Environment, spec.WorkingDirectory);

    private bool IsPrivileged(string container) => gate.State.Started.GetValueOrDefault(container)?.Privileged == true;

    private static ProcessPrivileges Privileges(ProcessSpec spec, Account account, bool privileged) =>
        new(spec.NoNewPrivileges, account.User, account.Groups, spec.Umask, Requested(spec, privileged));

    private static CapabilitySets Requested(ProcessSpec spec, bool privileged) => spec.Capabilities ?? GuestEnvironment.SetsOf(privileged);

    private static PlannedProcess Plan(ProcessSpec spec, Account account, Decision decision, bool privileged) => new(
        spec.Command is [{ Length: > 0 }, ..] ? spec.Command : throw new OrchestratorException(GuestErrors.RequestInvalid, "The process has no command."),
        decision.Environment ?? spec.Environment,
        spec.WorkingDirectory.StartsWith('/') ? spec.WorkingDirectory : throw new OrchestratorException(GuestErrors.RequestInvalid, "The working directory is not absolute."),
        account,
        spec.Umask is { Length: 4 } umask && umask.All(digit => digit is >= '0' and <= '7') ? umask : throw new OrchestratorException(GuestErrors.RequestInvalid, "The umask is not four octal digits."),
        spec.NoNewPrivileges,
        decision.Capabilities ?? Requested(spec, privileged));

    private static CborValue Answer(GuestProcess started, PlannedProcess process) =>
        new StartedProcess(started.Id, process.Environment, started.Stdio.IsOpen).ToCbor();
}
