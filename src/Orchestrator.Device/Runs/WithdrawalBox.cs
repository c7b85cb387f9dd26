using System.Collections.Immutable;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>The withdrawals that came during a run, where the manifest lets the epoch at hand be finished first. Safe for concurrent use.</summary>
internal sealed class WithdrawalBox(Manifest manifest)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<VerifiedWithdrawal> _all = [];

    /// <summary>Completes with the first withdrawal.</summary>
    public Task First => _first.Task;

    /// <summary>One a party, in the order in which they came.</summary>
    public ImmutableArray<VerifiedWithdrawal> All => _all;

    /// <summary>Takes what the host relays. Only the party's signature counts: no host ends a job early by itself.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.TransferUnexpected"/>: the manifest ends a withdrawn job at once. Or a code of the withdrawal's.</exception>
    public void Take(ReadOnlyMemory<byte> statement)
    {
        if (manifest.Content.Withdrawal != WithdrawalRule.FinishEpoch)
        {
            throw new OrchestratorException(DeviceErrors.TransferUnexpected, "The host asked to finish the epoch, which the manifest does not provide for.");
        }

        VerifiedWithdrawal withdrawal = Withdrawal.Verify(statement, manifest);
        ImmutableInterlocked.Update(ref _all, all => all.Any(known => known.Party == withdrawal.Party) ? all : all.Add(withdrawal));
        _first.TrySetResult();
    }
}
