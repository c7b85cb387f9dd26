using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Attestation.Certificates;

/// <summary>What a certificate must be at each place of a device's chain. See <c>docs/spec/quote.md</c>.</summary>
public sealed class CertificateProfile
{
    /// <summary>The organizational unit that marks the root and the DCK of a simulated vendor.</summary>
    public const string SimulatedUnit = "Simulated";

    /// <summary>The vendor's root: issues DCKs, signs collateral.</summary>
    public static readonly CertificateProfile Root = new("root", 2, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, null);

    /// <summary>The device certificate authority key, derived from the device's secret alone: issues DeviceIDs.</summary>
    public static readonly CertificateProfile Dck = new("DCK", 1, X509KeyUsageFlags.KeyCertSign, null);

    /// <summary>Derived from the device's secret and its CCU firmware: issues aliases.</summary>
    public static readonly CertificateProfile DeviceId = new("DeviceID", 0, X509KeyUsageFlags.KeyCertSign, 0);

    /// <summary>One boot's attestation key: signs quotes and receipts.</summary>
    public static readonly CertificateProfile Alias = new("alias", null, X509KeyUsageFlags.DigitalSignature, 1);

    /// <summary>Issued by the root beside the chain: signs collateral, so that the root's key can stay locked away.</summary>
    public static readonly CertificateProfile Collateral = new("collateral", null, X509KeyUsageFlags.DigitalSignature, null);

    private CertificateProfile(string name, int? pathLength, X509KeyUsageFlags keyUsage, int? tcbLayer)
    {
        Name = name;
        PathLength = pathLength;
        KeyUsage = keyUsage;
        TcbLayer = tcbLayer;
    }

    /// <summary>The place's name, for messages.</summary>
    public string Name { get; }

    /// <summary>How many authorities may follow below; <see langword="null"/> is no authority.</summary>
    public int? PathLength { get; }

    /// <summary>Exactly what the key may do.</summary>
    public X509KeyUsageFlags KeyUsage { get; }

    /// <summary>The layer of the <see cref="TcbInfo"/> that must be there; <see langword="null"/> means that none may be.</summary>
    public int? TcbLayer { get; }

    /// <summary>The extensions of this place that do not depend on keys: basic constraints and key usage, both critical.</summary>
    public IEnumerable<X509Extension> FixedExtensions() =>
    [
        new X509BasicConstraintsExtension(PathLength is not null, PathLength is not null, PathLength ?? 0, critical: true),
        new X509KeyUsageExtension(KeyUsage, critical: true),
    ];
}
