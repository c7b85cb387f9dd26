using Orchestrator.Containers.Groups;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Shim.BackEnds;

/// <summary>A way to run a guest: <c>sandbox</c> is namespaces on the host's kernel; a virtual machine would be another. What they share is the channel and what evidence says.</summary>
public interface IBackEnd
{
    /// <summary>Launches a guest, which is bound to a policy from then on and does nothing yet.</summary>
    /// <param name="policy">SHA-256 of the execution policy: HOST_DATA.</param>
    /// <param name="size">What the guest is to have of the machine, where the back end can say so.</param>
    /// <param name="devices">Folder whose files the guest can mount as layers, by their names.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="ShimErrors"/>.</exception>
    Task<RunningGuest> LaunchAsync(Digest policy, GroupSize size, string devices, CancellationToken cancel = default);
}
