using Google.Protobuf;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Crypto;

namespace Orchestrator.Attack.Groups;

/// <summary>What a hostile shim does to a stage. As constructed it does nothing.</summary>
public sealed class StageMischief
{
    /// <summary>What is launched in the agent's place; null: the agent.</summary>
    public Measurement? Measurement { get; init; }

    /// <summary>The execution policy that the group is launched under; null: the stage's.</summary>
    public Digest? Policy { get; init; }

    /// <summary>Whether another group of the same job is launched, and its evidence shown in place of the group's.</summary>
    public bool ShowsAnotherGroup { get; init; }

    /// <summary>On its way from the group to the parties.</summary>
    public Func<ByteString, ByteString> OnEvidence { get; init; } = evidence => evidence;

    /// <summary>On its way from a party to the group.</summary>
    public Func<ReleaseRequest, ReleaseRequest> OnRelease { get; init; } = request => request;

    /// <summary>On their way into the group: sealed files by their names.</summary>
    public Func<IReadOnlyList<(string Name, byte[] Sealed)>, IReadOnlyList<(string Name, byte[] Sealed)>> OnInputs { get; init; } = inputs => inputs;

    /// <summary>On its way from the group to host and device.</summary>
    public Func<ByteString, ByteString> OnStatement { get; init; } = statement => statement;

    /// <summary>On its way from the group to the host's store.</summary>
    public Func<ByteString, ByteString> OnOutput { get; init; } = sealedStream => sealedStream;

    /// <summary>On its way from the device to the group.</summary>
    public Func<ByteString, ByteString> OnOffer { get; init; } = quote => quote;
}
