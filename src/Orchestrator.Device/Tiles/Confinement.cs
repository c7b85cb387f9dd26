namespace Orchestrator.Device.Tiles;

/// <summary>Whether tiles run without network, files and other processes.</summary>
public enum Confinement
{
    /// <summary>They do, or they do not run.</summary>
    Required,

    /// <summary>They do where this machine can.</summary>
    IfPossible,

    /// <summary>They do not: a fault.</summary>
    None,
}
