using Google.Protobuf;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Trainings ended early in a party's name, to have the model of another epoch than the last.</summary>
internal static class WithdrawalAttacks
{
    private const string Owner = "clinic-a";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        new FalseWithdrawal("approval-as-withdrawal", "gives the device a party's approval as its withdrawal", Binding, request => request.Approvals[0]),
        new FalseWithdrawal("old-withdrawal", "gives the device a party's withdrawal from an earlier job", Freshness, _ => Sign(material, Manifest.Decode(material.Earlier.Load!.Manifest.Memory))),
    ];

    private static ByteString Sign(AttackMaterial material, Manifest manifest) =>
        ByteString.CopyFrom(Withdrawal.Sign(manifest, Owner, material.Accomplice.Keys.SigningKey).Bytes.Span);
}

/// <summary>Gives the device something as a withdrawal, with the first frame of a job that would end with the epoch at hand.</summary>
internal sealed class FalseWithdrawal(string name, string deed, SecurityProperty tests, Func<LoadRequest, ByteString> withdrawal) : Attack(new AttackCard(
    name, deed, tests, Watcher.Device, "withdrawal-invalid"))
{
    private LoadRequest? _load;

    public override WithdrawalRule Withdrawal => WithdrawalRule.FinishEpoch;

    public override LoadRequest OnLoad(LoadRequest request) => _load = request;

    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        yield return transfer;
        if (transfer.Frame is not null && !Happened)
        {
            Strike();
            yield return new HostTransfer { FinishEpoch = new FinishEpoch { Withdrawal = withdrawal(_load!) } };
        }
    }
}
