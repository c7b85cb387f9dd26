using Orchestrator.Errors;

namespace Orchestrator.Psp;

/// <summary>Ways in which the simulated security processor fails.</summary>
public static class PspErrors
{
    /// <summary>Its folder is not as it left it.</summary>
    public static readonly ErrorCode StateDamaged = new("psp-state-damaged", ErrorClass.Storage, "The simulated processor's folder is damaged.", "Restore the folder, or start with an empty one; parties then have to trust the new root.");

    /// <summary>Nobody answers a guest's question.</summary>
    public static readonly ErrorCode Unreachable = new("psp-unreachable", ErrorClass.Unavailable, "The security processor does not answer.", "Launch the group again.");
}
