using Google.Protobuf;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Protocol.Groups;

namespace Orchestrator.Attack.Groups;

/// <summary>What a hostile shim does to a stage. As constructed it does nothing.</summary>
public class StageMischief
{
    /// <summary>What is launched in the agent's place; null: the agent.</summary>
    public virtual Measurement? Measurement => null;

    /// <summary>Before a group is launched.</summary>
    public virtual LaunchRequest OnLaunch(LaunchRequest request) => request;

    /// <summary>On its way from the group to the parties.</summary>
    public virtual ByteString OnEvidence(ByteString evidence) => evidence;

    /// <summary>On its way from a party to the group.</summary>
    public virtual ReleaseRequest OnRelease(ReleaseRequest request) => request;

    /// <summary>On their way into the group: sealed files by their names.</summary>
    public virtual IReadOnlyList<(string Name, byte[] Sealed)> OnInputs(IReadOnlyList<(string Name, byte[] Sealed)> inputs) => inputs;

    /// <summary>On its way from the group to the device.</summary>
    public virtual ByteString OnStatement(ByteString statement) => statement;

    /// <summary>On its way from the group to the host's store.</summary>
    public virtual ByteString OnOutput(ByteString sealedStream) => sealedStream;

    /// <summary>On its way from the device to the group.</summary>
    public virtual ByteString OnOffer(ByteString quote) => quote;
}
