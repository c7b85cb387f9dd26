using System.Buffers.Text;
using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>
/// A publisher of utility VMs with an authority of its own, in a folder: says which measurement is one of its images (docs/spec/snp-evidence.md,
/// Endorsement). Its names say that it is simulated; a party that wants to trust it has to name it.
/// </summary>
public sealed class SimulatedPublisher : IDisposable
{
    /// <summary>What of the publisher's an endorsement is of.</summary>
    public const string Feed = "orchestrator-uvm";

    /// <summary>Security version of the images of this build.</summary>
    public const int GuestSvn = 1;

    private const string RootFile = "publisher-root.pem";
    private const string SignerFile = "publisher.pem";
    private const string KeyFile = "publisher.key";
    private const string SignerName = "Simulated UVM publisher";
    private const int Years = 10;
    private const int Es384 = -35;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _signer;
    private readonly ECDsa _key;

    private SimulatedPublisher(X509Certificate2 root, X509Certificate2 signer, ECDsa key)
    {
        _root = root;
        _signer = signer;
        _key = key;
        Issuer = $"did:x509:0:sha256:{Base64Url.EncodeToString(SHA256.HashData(root.RawData))}::subject:CN:{Uri.EscapeDataString(SignerName)}";
    }

    /// <summary>The did:x509 that parties trust it by.</summary>
    public string Issuer { get; }

    /// <summary>Opens the publisher of a folder, making it at first use.</summary>
    /// <exception cref="OrchestratorException">A storage code.</exception>
    public static SimulatedPublisher Open(string folder, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        try
        {
            if (!File.Exists(Path.Combine(folder, SignerFile)))
            {
                Found(folder, time.GetUtcNow());
            }

            var key = ECDsa.Create();
            byte[] encoded = File.ReadAllBytes(Path.Combine(folder, KeyFile));
            key.ImportPkcs8PrivateKey(encoded, out _);
            CryptographicOperations.ZeroMemory(encoded);
            return new SimulatedPublisher(Read(folder, RootFile), Read(folder, SignerFile), key);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, folder);
        }
    }

    /// <summary>Endorses an image: a COSE_Sign1 message.</summary>
    public byte[] Endorse(Measurement measurement)
    {
        var claims = new Dictionary<string, string>
        {
            ["x-ms-sevsnpvm-guestsvn"] = GuestSvn.ToString(CultureInfo.InvariantCulture),
            ["x-ms-sevsnpvm-launchmeasurement"] = measurement.ToString(),
        };
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(claims);
        byte[] header = Header();
        var signed = new CborWriter();
        signed.WriteStartArray(4);
        signed.WriteTextString("Signature1");
        signed.WriteByteString(header);
        signed.WriteByteString([]);
        signed.WriteByteString(payload);
        signed.WriteEndArray();
        byte[] signature = _key.SignData(signed.Encode(), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var message = new CborWriter();
        message.WriteTag((CborTag)18);
        message.WriteStartArray(4);
        message.WriteByteString(header);
        message.WriteStartMap(0);
        message.WriteEndMap();
        message.WriteByteString(payload);
        message.WriteByteString(signature);
        message.WriteEndArray();
        return message.Encode();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _signer.Dispose();
        _key.Dispose();
    }

    private byte[] Header()
    {
        var writer = new CborWriter();
        writer.WriteStartMap(5);
        writer.WriteInt32(1);
        writer.WriteInt32(Es384);
        writer.WriteInt32(3);
        writer.WriteTextString("application/json");
        writer.WriteInt32(33);
        writer.WriteStartArray(2);
        writer.WriteByteString(_signer.RawData);
        writer.WriteByteString(_root.RawData);
        writer.WriteEndArray();
        writer.WriteTextString("iss");
        writer.WriteTextString(Issuer);
        writer.WriteTextString("feed");
        writer.WriteTextString(Feed);
        writer.WriteEndMap();
        return writer.Encode();
    }

    // The root's key is thrown away. The signer's certificate is written last: it says that all is there.
    private static void Found(string folder, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var rootRequest = new CertificateRequest($"CN={SignerName} root, O=Orchestrator", rootKey, HashAlgorithmName.SHA384);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddHours(-1), now.AddYears(Years));
        var request = new CertificateRequest($"CN={SignerName}, O=Orchestrator", key, HashAlgorithmName.SHA384);
        using X509Certificate2 signer = request.Create(root, now.AddHours(-1), now.AddYears(Years), RandomNumberGenerator.GetBytes(16));
        byte[] encoded = key.ExportPkcs8PrivateKey();
        AtomicFile.WriteAllBytes(Path.Combine(folder, KeyFile), encoded, OwnerOnly);
        CryptographicOperations.ZeroMemory(encoded);
        AtomicFile.WriteAllBytes(Path.Combine(folder, RootFile), System.Text.Encoding.ASCII.GetBytes(root.ExportCertificatePem()));
        AtomicFile.WriteAllBytes(Path.Combine(folder, SignerFile), System.Text.Encoding.ASCII.GetBytes(signer.ExportCertificatePem()));
    }

    private static X509Certificate2 Read(string folder, string name) => X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(folder, name)));
}
