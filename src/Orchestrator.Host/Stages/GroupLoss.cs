using Orchestrator.Contracts;
using Orchestrator.Errors;

namespace Orchestrator.Host.Stages;

/// <summary>What a shim's failure says about a group (docs/spec/prepare-stage.md, Failures).</summary>
internal static class GroupLoss
{
    private static readonly string[] s_areas = ["uvm-", "group-"];

    /// <summary>Whether shim or group are gone, and nobody is there to say why.</summary>
    public static bool IsSilent(ErrorCode code) =>
        code.Id == RpcErrors.Unavailable.Id || code.Id == RpcErrors.Deadline.Id || code.Id is "channel-closed" or "shim-group-unknown";

    /// <summary>Whether the group is gone, or was never there, for the reason that the code names.</summary>
    public static bool IsExplained(ErrorCode code) => code.Class == ErrorClass.Unavailable && s_areas.Any(area => code.Id.StartsWith(area, StringComparison.Ordinal));

    /// <summary>Whether the shim's machine has no room for the group now: it may have later.</summary>
    public static bool IsWantOfRoom(ErrorCode code) => code.Id is "uvm-no-memory" or "uvm-no-space";
}
