using Orchestrator.Attack.Groups;
using Orchestrator.Attack.Ranges;
using Orchestrator.Attack.Relay;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Attack;

/// <summary>
/// One thing that a hostile host does between the parties and the device. An instance attacks one job: it may keep
/// what it saw. A hook that is not overridden passes its message on unchanged. Hooks are called one after the other.
/// </summary>
/// <param name="card">What it is.</param>
public abstract class Attack(AttackCard card)
{
    /// <summary>As an answer to the device: the host ends its side of the transfer.</summary>
    public static readonly HostTransfer HangUp = new();

    /// <summary>What it is.</summary>
    public AttackCard Card => card;

    /// <summary>Whether it has done its deed. One that never came to it proves nothing.</summary>
    public bool Happened { get; private set; }

    /// <summary>What the device answered to a command of the attack's own; the host, which tries again, does not pass it on.</summary>
    public OrchestratorException? Refusal { get; protected set; }

    /// <summary>Options of the device that the host rents out for it; none is the genuine one.</summary>
    public virtual IReadOnlyList<string> DeviceOptions => [];

    /// <summary>How often the job that it attacks writes a checkpoint; 0: never.</summary>
    public virtual int CheckpointEveryEpochs => 0;

    /// <summary>What a withdrawal from the job that it attacks does.</summary>
    public virtual WithdrawalRule Withdrawal => WithdrawalRule.Stop;

    /// <summary>Whether the job that it attacks has a prepare stage.</summary>
    public virtual bool IsStaged => false;

    /// <summary>What the shim of the job's prepare stage does.</summary>
    public virtual StageMischief Stage { get; } = new();

    /// <summary>Whether the parties approve the job; otherwise the host does without.</summary>
    public virtual bool PartiesConsent => true;

    /// <summary>Before a command of the host goes on to the device. What is thrown here is the host's answer.</summary>
    public virtual Task BeforeCommandAsync(MailboxCommand command, DeviceLine device) => Task.CompletedTask;

    /// <summary>The host hands manifest, approvals and nonces to the device.</summary>
    public virtual LoadRequest OnLoad(LoadRequest request) => request;

    /// <summary>The device answers with evidence.</summary>
    public virtual QuoteReply OnQuote(QuoteReply reply) => reply;

    /// <summary>The host hands a party's key package to the device.</summary>
    public virtual StageRequest OnStage(StageRequest request) => request;

    /// <summary>While the device runs, before each of its messages goes on to the host.</summary>
    public virtual Task DuringRunAsync(DeviceTransfer message, DeviceLine device) => Task.CompletedTask;

    /// <summary>The device asks for something, or hands something out.</summary>
    public virtual IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer) => [transfer];

    /// <summary>The host answers: what the device gets for it, or <see cref="HangUp"/>.</summary>
    public virtual IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer) => [transfer];

    /// <summary>How frames come into the device's region, of an attack on shared memory; null: frames go by gRPC.</summary>
    public virtual Action<RegionSlot>? InRegion => null;

    /// <summary>After the proposal, before the other parties review the job. What is thrown here is what that party is told.</summary>
    public virtual Task BeforeReviewAsync(HostileHost host, Digest job) => Task.CompletedTask;

    /// <summary>After a job has completed, before the result is fetched. What is thrown here is what the receiver is told.</summary>
    public virtual Task BeforeResultAsync(HostileHost host, Digest job) => Task.CompletedTask;

    /// <summary>Notes that the deed is done.</summary>
    protected void Strike() => Happened = true;
}
