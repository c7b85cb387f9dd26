using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Certificates;

namespace Orchestrator.Attestation.Tests.Support;

/// <summary>A vendor and one device of it, made for a test, with any certificate changed on its way.</summary>
internal sealed class TestVendor
{
    public static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly FirmwareMeasurements Firmware = new(Measurement.Of([1]), Measurement.Of([2]), Measurement.Of([3]));

    public TestVendor(Func<CertificatePlan, CertificatePlan>? alter = null, int securityVersion = 1, bool debug = false, bool simulated = true)
    {
        alter ??= plan => plan;
        X500DistinguishedName root = Name("root", simulated);
        X500DistinguishedName dck = Name("dck", simulated);
        X500DistinguishedName deviceId = Name("device", false);
        RootDer = alter(CertificatePlan.For(CertificateProfile.Root, root, Root, root, Root)).Issue();
        DckDer = alter(CertificatePlan.For(CertificateProfile.Dck, dck, Dck, root, Root)).Issue();
        DeviceIdDer = alter(CertificatePlan.For(CertificateProfile.DeviceId, deviceId, DeviceId, dck, Dck,
            new TcbInfo(securityVersion, 0, [Firmware.Ccu], debug))).Issue();
        AliasDer = alter(CertificatePlan.For(CertificateProfile.Alias, Name("alias", false), Alias, deviceId, DeviceId,
            new TcbInfo(securityVersion, 1, [Firmware.Icu, Firmware.Tiles], debug))).Issue();
    }

    public ECDsa Root { get; } = NewKey();

    public ECDsa Dck { get; } = NewKey();

    public ECDsa DeviceId { get; } = NewKey();

    public ECDsa Alias { get; } = NewKey();

    public byte[] RootDer { get; }

    public byte[] DckDer { get; }

    public byte[] DeviceIdDer { get; }

    public byte[] AliasDer { get; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Presented => [AliasDer, DeviceIdDer, DckDer];

    public TrustAnchors Anchors => TrustAnchors.None.With(RootDer);

    public CertificateChain VerifyChain() => CertificateChain.Verify(Presented, Anchors, Now);

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public static X500DistinguishedName Name(string commonName, bool simulated)
    {
        var name = new X500DistinguishedNameBuilder();
        if (simulated)
        {
            name.AddOrganizationalUnitName(CertificateProfile.SimulatedUnit);
        }

        name.AddCommonName(commonName);
        return name.Build();
    }
}
