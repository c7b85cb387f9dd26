using Orchestrator.Channel.Messages;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Attack.Guests;

/// <summary>How far a group is when an attack on it begins; each has what those before it have.</summary>
internal enum GuestStart
{
    /// <summary>It has its policy.</summary>
    Policy,

    /// <summary>Scratch and the layers of a container are mounted.</summary>
    Layers,

    /// <summary>They are stacked to a root file system.</summary>
    Overlay,

    /// <summary>The container runs, as one of the twins.</summary>
    Container,

    /// <summary>It runs, as the quiet one.</summary>
    QuietContainer,
}

/// <summary>A group under the agreed policy.</summary>
internal sealed class StartedGroup(GuestStart start, RunningGuest guest)
{
    /// <summary>How far it is.</summary>
    public GuestStart Start { get; } = start;

    /// <summary>What it runs in.</summary>
    public RunningGuest Guest { get; } = guest;

    /// <summary>What can be asked of it.</summary>
    public GroupClient Client { get; } = new(guest.Channel);

    /// <summary>The container's first process, if there is one.</summary>
    public StartedProcess? Process { get; set; }

    /// <summary>The engine's state as it was then.</summary>
    public string State { get; set; } = "";
}
