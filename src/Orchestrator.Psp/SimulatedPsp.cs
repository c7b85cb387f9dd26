using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Psp;

/// <summary>
/// A simulated security processor of an SEV-SNP machine, with a root of its own in a folder (docs/spec/simulated-psp.md). It signs reports
/// with AMD's layout and algorithms; its certificates name a product line that is marked as simulated.
/// </summary>
public sealed class SimulatedPsp : IDisposable
{
    /// <summary>The root (ARK), for parties to trust by name.</summary>
    public const string RootFile = "ark.pem";

    /// <summary>Certificates of chip, intermediate and root.</summary>
    public const string ChainFile = "chain.pem";

    /// <summary>The root's list of revoked certificates, in DER.</summary>
    public const string RevocationsFile = "crl.der";

    private const string RootKeyFile = "ark.key";
    private const string ChipKeyFile = "vcek.key";
    private const int RsaBits = 4096;
    private const int RevocationDays = 30;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Dictionary<string, byte> s_versions = new() { ["boot_loader"] = 3, ["tee"] = 0, ["snp"] = 8, ["microcode"] = 115 };

    private readonly ECDsa _chipKey;
    private readonly ReportWriter _writer;

    private SimulatedPsp(string folder, ECDsa chipKey, ReadOnlyMemory<byte> chipId, SnpTcb tcb)
    {
        Folder = folder;
        _chipKey = chipKey;
        _writer = new ReportWriter(chipKey, chipId, tcb.Raw);
        Chain = File.ReadAllText(Path.Combine(folder, ChainFile));
        Revocations = File.ReadAllBytes(Path.Combine(folder, RevocationsFile));
    }

    /// <summary>Where its keys and certificates are.</summary>
    public string Folder { get; }

    /// <summary>Certificates of chip, intermediate and root, in PEM.</summary>
    public string Chain { get; }

    /// <summary>The root's list of revoked certificates, in DER.</summary>
    public ReadOnlyMemory<byte> Revocations { get; }

    /// <summary>Opens the processor of a folder, making it at first use. A current list of revoked certificates is there afterwards.</summary>
    /// <exception cref="OrchestratorException"><see cref="PspErrors.StateDamaged"/> or a storage code.</exception>
    public static SimulatedPsp Open(string folder, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        string path = Path.GetFullPath(folder);
        try
        {
            if (!Directory.Exists(path))
            {
                Found(path, time.GetUtcNow());
            }

            return Load(path, time.GetUtcNow());
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, path);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new OrchestratorException(PspErrors.StateDamaged, $"{path} is not as the simulated processor left it: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    /// <summary>Launches a guest: what <paramref name="launch"/> says can never be changed for it.</summary>
    public LaunchedGuest Launch(GuestLaunch launch)
    {
        ArgumentNullException.ThrowIfNull(launch);
        return new LaunchedGuest(launch, _writer, Chain);
    }

    /// <inheritdoc/>
    public void Dispose() => _chipKey.Dispose();

    // Under another name first: a folder that is there is whole, and of two who make it at once one is first.
    private static void Found(string path, DateTimeOffset now)
    {
        string parent = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(parent);
        string making = Path.Combine(parent, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        Directory.CreateDirectory(making);
        try
        {
            Make(making, now);
            Directory.Move(making, path);
        }
        catch (IOException) when (Directory.Exists(path))
        {
            Directory.Delete(making, recursive: true);
        }
    }

    private static void Make(string folder, DateTimeOffset now)
    {
        using RSA rootKey = RSA.Create(RsaBits);
        using RSA intermediateKey = RSA.Create(RsaBits);
        using ECDsa chipKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using X509Certificate2 root = AmdCertificates.IssueRoot(rootKey, now);
        using X509Certificate2 intermediate = AmdCertificates.IssueIntermediate(intermediateKey, rootKey, now);
        using SignedCertificate parsedRoot = SignedCertificate.Parse(root.RawData);
        using X509Certificate2 chip = AmdCertificates.IssueChip(chipKey, intermediateKey, RandomNumberGenerator.GetBytes(64), Tcb(parsedRoot), now);
        Write(RootFile, Pem(root));
        Write(ChainFile, Pem(chip) + Pem(intermediate) + Pem(root));
        WriteKey(RootKeyFile, rootKey);
        WriteKey(ChipKeyFile, chipKey);

        void Write(string name, string text) => AtomicFile.WriteAllBytes(Path.Combine(folder, name), Encoding.ASCII.GetBytes(text));

        void WriteKey(string name, AsymmetricAlgorithm key)
        {
            byte[] encoded = key.ExportPkcs8PrivateKey();
            AtomicFile.WriteAllBytes(Path.Combine(folder, name), encoded, OwnerOnly);
            CryptographicOperations.ZeroMemory(encoded);
        }
    }

    private static SimulatedPsp Load(string folder, DateTimeOffset now)
    {
        IReadOnlyList<SignedCertificate> chain = SignedCertificate.ParsePem(File.ReadAllText(Path.Combine(folder, ChainFile)));
        SnpTcb tcb = chain is [_, _, { } root] ? Tcb(root) : throw new FormatException("The chain has not three certificates");
        SnpChipCertificate chip = SnpChipCertificate.Read(chain[0], tcb.Product);
        PublishRevocations(folder, root, now);
        var chipKey = ECDsa.Create();
        ReadKey(folder, ChipKeyFile, chipKey);
        return new SimulatedPsp(folder, chipKey, chip.ChipId ?? throw new FormatException("The chip has no ID"), tcb);
    }

    private static void PublishRevocations(string folder, SignedCertificate root, DateTimeOffset now)
    {
        using RSA rootKey = RSA.Create();
        ReadKey(folder, RootKeyFile, rootKey);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(root.Der.Span);
        AtomicFile.WriteAllBytes(Path.Combine(folder, RevocationsFile), AmdCertificates.IssueRevocations(rootKey, certificate, now.AddHours(-1), now.AddDays(RevocationDays)));
    }

    private static void ReadKey(string folder, string name, AsymmetricAlgorithm key)
    {
        byte[] encoded = File.ReadAllBytes(Path.Combine(folder, name));
        key.ImportPkcs8PrivateKey(encoded, out _);
        CryptographicOperations.ZeroMemory(encoded);
    }

    private static SnpTcb Tcb(SignedCertificate root)
    {
        SnpProduct product = SnpProduct.Under(root);
        ulong raw = product.TcbBytes.Aggregate(0UL, (sum, part) => sum | ((ulong)s_versions[part.Key] << (8 * part.Value)));
        return new SnpTcb(raw, product);
    }

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";
}
