using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Attestation.Certificates;

/// <summary>The extensions of a certificate, checked against its profile: each that it requires, once, and no other.</summary>
internal sealed class ProfileExtensions
{
    private const string BasicConstraintsOid = "2.5.29.19";
    private const string KeyUsageOid = "2.5.29.15";
    private const string SubjectKeyIdentifierOid = "2.5.29.14";
    private const string AuthorityKeyIdentifierOid = "2.5.29.35";

    private readonly Dictionary<string, X509Extension> _byOid = [];
    private readonly CertificateProfile _profile;

    public ProfileExtensions(X509ExtensionCollection extensions, CertificateProfile profile)
    {
        _profile = profile;
        foreach (X509Extension extension in extensions)
        {
            DeviceCertificate.Require(_byOid.TryAdd(extension.Oid!.Value!, extension), profile, "has an extension twice");
        }

        CheckBasicConstraints((X509BasicConstraintsExtension)Take(BasicConstraintsOid, critical: true));
        DeviceCertificate.Require(
            ((X509KeyUsageExtension)Take(KeyUsageOid, critical: true)).KeyUsages == profile.KeyUsage, profile, "allows another use of its key");
        KeyIdentifier = ((X509SubjectKeyIdentifierExtension)Take(SubjectKeyIdentifierOid, critical: false)).SubjectKeyIdentifierBytes.ToArray();
        IssuerKeyIdentifier = ((X509AuthorityKeyIdentifierExtension)Take(AuthorityKeyIdentifierOid, critical: false)).KeyIdentifier?.ToArray() ?? [];
        Tcb = profile.TcbLayer is null ? null : TakeTcb();
        DeviceCertificate.Require(_byOid.Count == 0, profile, $"has an extension that its profile does not know ({_byOid.Keys.FirstOrDefault()})");
    }

    public byte[] KeyIdentifier { get; }

    public byte[] IssuerKeyIdentifier { get; }

    public TcbInfo? Tcb { get; }

    private void CheckBasicConstraints(X509BasicConstraintsExtension constraints) => DeviceCertificate.Require(
        constraints.CertificateAuthority == _profile.PathLength is not null &&
        constraints.HasPathLengthConstraint == _profile.PathLength is not null &&
        constraints.PathLengthConstraint == (_profile.PathLength ?? 0),
        _profile, "has other basic constraints than its place requires");

    private TcbInfo TakeTcb()
    {
        TcbInfo tcb = TcbInfo.Decode(Take(TcbInfo.Oid, critical: false).RawData);
        DeviceCertificate.Require(tcb.Layer == _profile.TcbLayer, _profile, $"describes firmware layer {tcb.Layer}");
        return tcb;
    }

    private X509Extension Take(string oid, bool critical)
    {
        DeviceCertificate.Require(_byOid.Remove(oid, out X509Extension? extension), _profile, $"lacks the extension {oid}");
        DeviceCertificate.Require(extension!.Critical == critical, _profile, $"marks the extension {oid} wrongly as {(extension.Critical ? "critical" : "optional")}");
        return extension;
    }
}
