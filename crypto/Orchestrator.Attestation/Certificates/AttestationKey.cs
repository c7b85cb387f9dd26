using System.Security.Cryptography;

namespace Orchestrator.Attestation.Certificates;

/// <summary>A P-384 public key of a device's chain, which verifies ECDSA with SHA-384 (FIPS 186-5).</summary>
public sealed class AttestationKey
{
    private readonly byte[] _subjectPublicKeyInfo;

    internal AttestationKey(byte[] subjectPublicKeyInfo)
    {
        _subjectPublicKeyInfo = subjectPublicKeyInfo;
        Id = Measurement.Of(subjectPublicKeyInfo);
    }

    /// <summary>SHA-384 of the key's SubjectPublicKeyInfo; of a DeviceID's key, the device's identity.</summary>
    public Measurement Id { get; }

    /// <summary>A key object to verify with; the caller disposes of it.</summary>
    public ECDsa Open()
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_subjectPublicKeyInfo, out _);
        return key;
    }

    /// <summary>Verifies an X.509 signature: a DER sequence of r and s.</summary>
    internal bool VerifyDer(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using ECDsa key = Open();
        return key.VerifyData(data, signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
    }
}
