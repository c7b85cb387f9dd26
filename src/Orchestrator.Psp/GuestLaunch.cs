using Orchestrator.Attestation;
using Orchestrator.Attestation.Snp;
using Orchestrator.Crypto;

namespace Orchestrator.Psp;

/// <summary>What is fixed when a guest is launched, for as long as it lives.</summary>
/// <param name="Measurement">Of what is launched.</param>
/// <param name="HostData">Set by the host: the digest of the group's execution policy.</param>
public sealed record GuestLaunch(Measurement Measurement, Digest HostData)
{
    /// <summary>What the host may do with the guest: SMT, and the bit that is always set.</summary>
    public SnpGuestPolicy Policy { get; init; } = new(0x30000);

    /// <summary>Security version, set by the guest's owner.</summary>
    public uint Svn { get; init; } = 1;

    /// <summary>At most 16 bytes, set by the guest's owner. <c>sandbox</c> in ASCII: it runs in namespaces of the host's kernel.</summary>
    public ReadOnlyMemory<byte> FamilyId { get; init; }

    /// <summary>The family of guests that are sandboxes.</summary>
    public static ReadOnlyMemory<byte> Sandbox { get; } = "sandbox"u8.ToArray();
}
