using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Sessions;
using Orchestrator.Errors;

namespace Orchestrator.Device.Control;

/// <summary>
/// The device's one state machine. A command that fails, or that the state does not allow, changes nothing; leaving a
/// session in any way scrubs its keys. Safe for concurrent use: commands take effect one after the other.
/// </summary>
public sealed class Mailbox : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RootOfTrust _rootOfTrust;
    private readonly Quoter _quoter;
    private readonly Fault _fault;

    private BootIdentity _boot;
    private HostWindow _window;
    private DeviceState _state = DeviceState.Idle;
    private LoadedJob? _job;
    private Session? _session;
    private Run? _run;
    private OrchestratorException? _exception;

    /// <summary>Boots the device.</summary>
    /// <param name="rootOfTrust">Gives every boot its identity; owned by the caller.</param>
    /// <param name="quoter">Makes the quotes.</param>
    /// <param name="fault">With a fault, the device takes manifests that do not accept it.</param>
    public Mailbox(RootOfTrust rootOfTrust, Quoter quoter, Fault fault)
    {
        ArgumentNullException.ThrowIfNull(rootOfTrust);
        ArgumentNullException.ThrowIfNull(quoter);
        _rootOfTrust = rootOfTrust;
        _quoter = quoter;
        _fault = fault;
        _boot = rootOfTrust.Boot();
        _window = OpenWindow();
    }

    /// <summary>What the device is and where it stands.</summary>
    public MailboxStatus Status()
    {
        lock (_gate)
        {
            return new MailboxStatus(_state, _boot.BootCounter, Attestation.Quotes.Quote.UeidOf(_boot.DckId), _boot.Certificates, [.. _session?.Staged ?? []], _exception);
        }
    }

    /// <summary>Ends whatever goes on, scrubs, and boots anew: new alias key, next boot counter.</summary>
    /// <exception cref="OrchestratorException">As <see cref="RootOfTrust.Boot"/>.</exception>
    public async Task ResetAsync()
    {
        while (RunInProgressOrReset() is { } run)
        {
            await run.CancelAsync().ConfigureAwait(false);
            await run.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Locks the host out of everything but this mailbox.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CommandIllegal"/> or <see cref="DeviceErrors.DebuggerAttached"/>.</exception>
    public void EnterTrustedMode() => Execute(Command.EnterTrustedMode, () => _window.DebuggerAttached
        ? throw new OrchestratorException(DeviceErrors.DebuggerAttached, DeviceErrors.DebuggerAttached.Meaning)
        : true);

    /// <summary>Reaches past the session, which only ordinary mode allows: from entering trusted mode to the next reset every access is refused.</summary>
    /// <param name="name">The access, for messages.</param>
    /// <param name="access">What to do.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessLocked"/>, or what <paramref name="access"/> threw.</exception>
    public T Reach<T>(string name, Func<HostWindow, T> access)
    {
        ArgumentNullException.ThrowIfNull(access);
        lock (_gate)
        {
            return _state == DeviceState.Idle || _fault == Fault.OrdinaryMode
                ? access(_window)
                : throw new OrchestratorException(DeviceErrors.AccessLocked, $"{name} is closed while the device is {_state}.");
        }
    }

    /// <summary>Takes a job after checking it.</summary>
    /// <exception cref="OrchestratorException">As <see cref="LoadedJob.Check"/>, or <see cref="DeviceErrors.CommandIllegal"/>.</exception>
    public void Load(LoadRequest request) => Execute(Command.Load, () => _job = LoadedJob.Check(request, _boot, acceptsItself: _fault == Fault.None));

    /// <summary>Attests to the loaded job with a fresh session key.</summary>
    /// <returns>The evidence.</returns>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CommandIllegal"/>.</exception>
    public ReadOnlyMemory<byte> Quote() => Execute(Command.Quote, () =>
    {
        _session = Session.Begin(_job!, session => _quoter.Attest(session, _boot));
        return _session.Evidence;
    });

    /// <summary>Takes a party's key package.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Session.Stage"/>, or <see cref="DeviceErrors.CommandIllegal"/>.</exception>
    public void Stage(string party, ReadOnlyMemory<byte> sealedPackage) => Execute(Command.Stage, () =>
    {
        _session!.Stage(party, sealedPackage);
        return true;
    });

    /// <summary>Accepts the staged packages, if every party's is there.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.PackagesMissing"/>, <see cref="DeviceErrors.CheckpointTooOld"/>,
    /// <see cref="DeviceErrors.CheckpointForged"/> or <see cref="DeviceErrors.CommandIllegal"/>.</exception>
    public void Commit() => Execute(Command.Commit, () =>
    {
        _session!.RequireAllStaged();
        _session.RequireCheckpointAccepted();
        return true;
    });

    /// <summary>Runs the session's job; the device is finished or in exception when the task ends.</summary>
    /// <param name="job">The run. It gets the session, the boot's identity and a token that a reset cancels.</param>
    /// <param name="cancellation">Ends the run, as when the host goes away.</param>
    /// <exception cref="OrchestratorException">What <paramref name="job"/> threw, or <see cref="DeviceErrors.CommandIllegal"/>.</exception>
    public async Task RunAsync(Func<Session, BootIdentity, CancellationToken, Task> job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(job);
        Run run = Execute(Command.Run, () => _run = new Run(cancellation));
        OrchestratorException? failure = null;
        try
        {
            await job(_session!, _boot, run.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e as OrchestratorException ?? new OrchestratorException(DeviceErrors.Failed, DeviceErrors.Failed.Meaning, inner: e);
            throw;
        }
        finally
        {
            End(run, failure);
        }
    }

    /// <summary>Scrubs the session and erases the alias key.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Scrub();
            _boot.Dispose();
        }
    }

    private Run? RunInProgressOrReset()
    {
        lock (_gate)
        {
            if (_run is null)
            {
                BootIdentity next = _rootOfTrust.Boot();
                Scrub();
                _boot.Dispose();
                _boot = next;
                _window = OpenWindow();
                _exception = null;
                _state = DeviceState.Idle;
            }

            return _run;
        }
    }

    private void End(Run run, OrchestratorException? failure)
    {
        lock (_gate)
        {
            Scrub();
            _run = null;
            _exception = failure;
            _state = failure is null ? DeviceState.Finished : DeviceState.Exception;
        }

        run.SetEnded();
    }

    private T Execute<T>(Command command, Func<T> action)
    {
        lock (_gate)
        {
            if (!command.IsAllowedIn(_state))
            {
                throw new OrchestratorException(DeviceErrors.CommandIllegal, $"{command.Name} is not possible while the device is {_state}.");
            }

            T result = action();
            _state = command.To;
            return result;
        }
    }

    private HostWindow OpenWindow() => new(_boot.Board, _rootOfTrust.LoadIcuImage);

    private void Scrub()
    {
        _session?.Dispose();
        _session = null;
        _job = null;
    }
}
