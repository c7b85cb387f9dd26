using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Device.Storage;
using Orchestrator.Errors;

namespace Orchestrator.Device.Identity;

/// <summary>
/// The factory of simulated devices: a root key in a folder, made at first use. It publishes <c>root.pem</c> and
/// <c>collateral.cose</c> there, which parties fetch. Its certificates say that its devices are simulated.
/// </summary>
public sealed class SimulatedVendor : IDisposable
{
    /// <summary>The root certificate, for parties to trust by name.</summary>
    public const string RootFile = "root.pem";

    /// <summary>The signed list of revoked keys and the least security version vouched for.</summary>
    public const string CollateralFile = "collateral.cose";

    private const string KeyFile = "root.key";
    private const int RootYears = 30;
    private const int CollateralDays = 30;
    private const int MinimumSecurityVersion = 1;

    private readonly StateFolder _folder;
    private readonly TimeProvider _time;
    private readonly ECDsa _key;
    private readonly X500DistinguishedName _name;

    private SimulatedVendor(StateFolder folder, TimeProvider time, ECDsa key)
    {
        _folder = folder;
        _time = time;
        _key = key;
        _name = CertificateIssuer.Name(CertificateProfile.Root, key, simulated: true);
    }

    /// <summary>SHA-384 of the root key.</summary>
    public Measurement Id => Measurement.Of(_key.ExportSubjectPublicKeyInfo());

    /// <summary>Opens the vendor of a folder, founding it when there is none. Current collateral is there afterwards.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StateInUse"/>, <see cref="DeviceErrors.StateDamaged"/> or a storage code.</exception>
    public static async Task<SimulatedVendor> OpenAsync(StateFolder folder, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        using IDisposable held = await folder.WaitForLockAsync(time, cancellation).ConfigureAwait(false);
        byte[]? stored = folder.Read(KeyFile);
        var vendor = new SimulatedVendor(folder, time, stored is null ? ECDsa.Create(ECCurve.NamedCurves.nistP384) : ReadKey(stored));
        if (stored is null)
        {
            vendor.Found();
        }
        else
        {
            vendor.Publish(vendor.RevokedKeys());
        }

        return vendor;
    }

    /// <summary>Certifies a device's DCK.</summary>
    /// <param name="dck">Its public half is used.</param>
    /// <param name="validity">Period of validity.</param>
    public byte[] Certify(ECDsa dck, Validity validity) => CertificateIssuer.Issue(
        CertificateProfile.Dck, CertificateIssuer.Name(CertificateProfile.Dck, dck, simulated: true), dck, _name, _key, validity);

    /// <summary>Puts a key on the list of revoked keys in the published collateral, for good.</summary>
    /// <param name="key">SHA-384 of the key's SubjectPublicKeyInfo; a DCK's revokes the device with every firmware.</param>
    public async Task RevokeAsync(Measurement key, CancellationToken cancellation = default)
    {
        using IDisposable held = await _folder.WaitForLockAsync(_time, cancellation).ConfigureAwait(false);
        Publish([.. RevokedKeys().Append(key).Distinct()]);
    }

    /// <summary>Publishes collateral whose time was over yesterday: a fault.</summary>
    public async Task LetCollateralLapseAsync(CancellationToken cancellation = default)
    {
        using IDisposable held = await _folder.WaitForLockAsync(_time, cancellation).ConfigureAwait(false);
        Publish(RevokedKeys(), days: -1);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    // Collateral that is gone must not become an empty list: that would take every revocation back.
    private IEnumerable<Measurement> RevokedKeys() => _folder.Read(CollateralFile) is { } list
        ? Collateral.Verify(list, TrustAnchors.None.WithPem(Encoding.ASCII.GetString(_folder.Read(RootFile) ?? []))).Content.Revoked
        : throw new OrchestratorException(DeviceErrors.StateDamaged, $"The simulated vendor's collateral {_folder.PathOf(CollateralFile)} is missing.");

    private void Publish(IEnumerable<Measurement> keys, int days = CollateralDays)
    {
        // A key for one document: what signs often is not the root, and what is thrown away cannot be stolen.
        using ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Validity validity = Validity.From(_time.GetUtcNow().AddDays(days - CollateralDays), years: 1);
        X500DistinguishedName name = CertificateIssuer.Name(CertificateProfile.Collateral, signer, simulated: false);
        byte[] certificate = CertificateIssuer.Issue(CertificateProfile.Collateral, name, signer, _name, _key, validity);
        DateTimeOffset end = _time.GetUtcNow().AddDays(days);
        var content = new CollateralContent(end.AddDays(-CollateralDays), end, [.. keys], MinimumSecurityVersion);
        _folder.Write(CollateralFile, Collateral.Issue(signer, certificate, content));
    }

    // The key is written last: until it is there, nothing was founded.
    private void Found()
    {
        byte[] root = CertificateIssuer.Issue(CertificateProfile.Root, _name, _key, _name, _key, Validity.From(_time.GetUtcNow(), RootYears));
        _folder.Write(RootFile, Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", root) + "\n"));
        Publish([]);
        byte[] key = _key.ExportPkcs8PrivateKey();
        _folder.Write(KeyFile, key);
        CryptographicOperations.ZeroMemory(key);
    }

    private static ECDsa ReadKey(byte[] stored)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(stored, out _);
            return key;
        }
        catch (CryptographicException e)
        {
            key.Dispose();
            throw new OrchestratorException(DeviceErrors.StateDamaged, "The simulated vendor's root key is damaged.", inner: e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(stored);
        }
    }
}
