using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Device.Control;

/// <summary>A command of the mailbox: the states that allow it and the state that it leads to.</summary>
public sealed class Command
{
    /// <summary>Locks the host out.</summary>
    public static readonly Command EnterTrustedMode = new(nameof(EnterTrustedMode), DeviceState.Trusted, DeviceState.Idle);

    /// <summary>Takes manifest, approvals and nonces.</summary>
    public static readonly Command Load = new(nameof(Load), DeviceState.Loaded, DeviceState.Trusted);

    /// <summary>Attests.</summary>
    public static readonly Command Quote = new(nameof(Quote), DeviceState.Quoted, DeviceState.Loaded);

    /// <summary>Takes a party's key package.</summary>
    public static readonly Command Stage = new(nameof(Stage), DeviceState.Staged, DeviceState.Quoted, DeviceState.Staged);

    /// <summary>Accepts the packages as complete.</summary>
    public static readonly Command Commit = new(nameof(Commit), DeviceState.Committed, DeviceState.Staged);

    /// <summary>Starts the transfer of data, and the training.</summary>
    public static readonly Command Run = new(nameof(Run), DeviceState.Running, DeviceState.Committed);

    private readonly DeviceState[] _from;

    private Command(string name, DeviceState to, params DeviceState[] from)
    {
        Name = name;
        To = to;
        _from = from;
    }

    /// <summary>Every command that a state can forbid; resets and enquiries are always allowed.</summary>
    public static IReadOnlyList<Command> All { get; } = [EnterTrustedMode, Load, Quote, Stage, Commit, Run];

    /// <summary>As in the protocol.</summary>
    public string Name { get; }

    /// <summary>The state after it.</summary>
    public DeviceState To { get; }

    /// <summary>Whether a state allows it.</summary>
    public bool IsAllowedIn(DeviceState state) => _from.Contains(state);
}
