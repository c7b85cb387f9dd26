using Orchestrator.Errors;

namespace Orchestrator.Attestation.Certificates;

/// <summary>A device's certificates, verified up to a trusted root; only <see cref="Verify"/> makes one.</summary>
public sealed class CertificateChain
{
    private static readonly CertificateProfile[] Presented = [CertificateProfile.Alias, CertificateProfile.DeviceId, CertificateProfile.Dck];

    private CertificateChain(DeviceCertificate root, DeviceCertificate dck, DeviceCertificate deviceId, DeviceCertificate alias)
    {
        Root = root;
        Dck = dck;
        DeviceId = deviceId;
        Alias = alias;
    }

    /// <summary>Certificates that a device presents: alias, DeviceID, DCK. The root is the verifier's to have.</summary>
    public const int PresentedCount = 3;

    /// <summary>The trust anchor.</summary>
    public DeviceCertificate Root { get; }

    /// <summary>The device certificate authority key.</summary>
    public DeviceCertificate Dck { get; }

    /// <summary>The device's identity under its present CCU firmware.</summary>
    public DeviceCertificate DeviceId { get; }

    /// <summary>The attestation key of the present boot.</summary>
    public DeviceCertificate Alias { get; }

    /// <summary>The certificates from the root down.</summary>
    public IEnumerable<DeviceCertificate> Certificates => [Root, Dck, DeviceId, Alias];

    /// <summary>Whether the vendor says that its devices are simulated.</summary>
    public bool Simulated => Root.Simulated;

    /// <summary>Verifies what a device presents, by this type's rules alone: no certificate store, no network.</summary>
    /// <param name="presented">Alias, DeviceID, DCK, in DER.</param>
    /// <param name="anchors">The trusted roots.</param>
    /// <param name="time">At which all certificates must be valid.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="AttestationErrors"/>.</exception>
    public static CertificateChain Verify(IReadOnlyList<ReadOnlyMemory<byte>> presented, TrustAnchors anchors, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        IReadOnlyList<DeviceCertificate> parsed = ParsePresented(presented);
        (DeviceCertificate alias, DeviceCertificate deviceId, DeviceCertificate dck) = (parsed[0], parsed[1], parsed[2]);
        DeviceCertificate root = anchors.Roots.FirstOrDefault(anchor => dck.NamesAsIssuer(anchor))
            ?? throw new OrchestratorException(AttestationErrors.RootUnknown, "The device's vendor root is none of the trusted ones.");

        var chain = new CertificateChain(root, dck, deviceId, alias);
        dck.VerifyIssuedBy(root);
        deviceId.VerifyIssuedBy(dck);
        alias.VerifyIssuedBy(deviceId);
        foreach (DeviceCertificate certificate in chain.Certificates)
        {
            certificate.VerifyValidAt(time);
        }

        DeviceCertificate.Require(dck.Simulated == root.Simulated, CertificateProfile.Dck, "and its root differ in whether the device is simulated");
        return chain;
    }

    /// <summary>Takes apart what a device presents; proves nothing.</summary>
    /// <returns>Alias, DeviceID, DCK.</returns>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.EvidenceMalformed"/> or <see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    internal static IReadOnlyList<DeviceCertificate> ParsePresented(IReadOnlyList<ReadOnlyMemory<byte>> presented)
    {
        ArgumentNullException.ThrowIfNull(presented);
        return presented.Count == PresentedCount
            ? [.. Presented.Select((profile, place) => DeviceCertificate.Parse(presented[place], profile))]
            : throw new OrchestratorException(AttestationErrors.EvidenceMalformed, $"The device presents {presented.Count} certificates, not {PresentedCount}.");
    }
}
