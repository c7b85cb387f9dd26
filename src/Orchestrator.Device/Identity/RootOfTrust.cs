using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Microcontrollers;
using Orchestrator.Device.Storage;
using Orchestrator.Errors;

namespace Orchestrator.Device.Identity;

/// <summary>
/// What the device cannot change about itself: the unique device secret and the boot counter, and how every boot measures
/// the firmware and derives and certifies keys from that. The secret never leaves this type.
/// </summary>
public sealed class RootOfTrust : IDisposable
{
    private const string SecretFile = "uds";
    private const string CounterFile = "boot-counter";
    private const int CertificateYears = 10;

    private readonly byte[] _secret;
    private readonly byte[] _counterKey;
    private readonly MonotonicCounter _bootCounter;
    private readonly FirmwareMeter _meter;
    private readonly TimeProvider _time;
    private readonly Fault _fault;
    private readonly ECDsa _dck;
    private readonly byte[] _dckCertificate;
    private readonly Measurement _vendorId;

    private readonly Ccu _ccu = new();
    private readonly Icu _icu;
    private readonly ResetLine _reset;

    private byte[]? _loadedIcuImage;

    private RootOfTrust(byte[] secret, StateFolder state, SimulatedVendor vendor, FirmwareMeter meter, TimeProvider time, Fault fault)
    {
        _secret = secret;
        _counterKey = DiceEngine.DeriveCounterKey(secret);
        _bootCounter = new MonotonicCounter(state, CounterFile, _counterKey);
        _meter = meter;
        _time = time;
        _fault = fault;
        _icu = new Icu(ReadIcuImage);
        _reset = new ResetLine(_ccu, _icu);
        _dck = DiceEngine.DeriveDck(secret);
        _dckCertificate = vendor.Certify(_dck, DckValidity());
        _vendorId = vendor.Id;
    }

    /// <summary>SHA-384 of the DCK: names the device whatever firmware it runs.</summary>
    public Measurement DckId => Measurement.Of(_dck.ExportSubjectPublicKeyInfo());

    /// <summary>Opens the root of trust of a state folder. One without a secret is provisioned: it gets a random one.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StateDamaged"/> or a storage code.</exception>
    public static RootOfTrust Open(StateFolder state, SimulatedVendor vendor, FirmwareMeter meter, TimeProvider time, Fault fault)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(vendor);
        byte[]? secret = state.Read(SecretFile);
        if (secret is null)
        {
            secret = RandomNumberGenerator.GetBytes(DiceEngine.SecretSize);

            // The secret is written last: until it is there, nothing was provisioned.
            new MonotonicCounter(state, CounterFile, DiceEngine.DeriveCounterKey(secret)).Provision();
            state.Write(SecretFile, secret);
        }

        return secret.Length == DiceEngine.SecretSize
            ? new RootOfTrust(secret, state, vendor, meter, time, fault)
            : throw new OrchestratorException(DeviceErrors.StateDamaged, "The unique device secret has not its length.");
    }

    /// <summary>Resets both microcontrollers and gives the device the identity of a new boot.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FirmwareMissing"/>, <see cref="DeviceErrors.FirmwareInvalid"/> or a code of the state's.</exception>
    public BootIdentity Boot()
    {
        _reset.Pulse();
        var firmware = new FirmwareMeasurements(_meter.MeasureCcu(), _ccu.IcuMeasurement!.Value, WithFault(_meter.MeasureTiles()));
        int securityVersion = _fault == Fault.StaleFirmware ? 0 : FirmwareMeter.SecurityVersion;
        bool debug = _fault == Fault.Debug;
        using ECDsa deviceId = DiceEngine.DeriveDeviceId(_secret, firmware.Ccu);
        ECDsa alias = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return new BootIdentity
        {
            Alias = alias,
            Certificates = CertifyBoot(deviceId, alias, firmware, securityVersion, debug),
            VendorId = _vendorId,
            DckId = DckId,
            DeviceId = Measurement.Of(deviceId.ExportSubjectPublicKeyInfo()),
            BootCounter = _bootCounter.Increment(),
            Firmware = firmware,
            Bootloader = WithFault(_meter.MeasureBootloader()),
            SecurityVersion = securityVersion,
            Debug = debug,
            Board = _icu.Board!,
        };
    }

    /// <summary>Takes another ICU image, which the next reset measures and starts. It is kept until the device is switched off.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FirmwareInvalid"/>.</exception>
    public void LoadIcuImage(ReadOnlyMemory<byte> image)
    {
        BoardConfiguration.Parse(image.Span);
        _loadedIcuImage = image.ToArray();
    }

    /// <summary>Erases the secret from memory.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        CryptographicOperations.ZeroMemory(_counterKey);
        _dck.Dispose();
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> CertifyBoot(ECDsa deviceId, ECDsa alias, FirmwareMeasurements firmware, int securityVersion, bool debug)
    {
        X500DistinguishedName dckName = CertificateIssuer.Name(CertificateProfile.Dck, _dck, simulated: true);
        X500DistinguishedName deviceName = CertificateIssuer.Name(CertificateProfile.DeviceId, deviceId, simulated: false);
        X500DistinguishedName aliasName = CertificateIssuer.Name(CertificateProfile.Alias, alias, simulated: false);
        Validity validity = Validity.From(_time.GetUtcNow(), CertificateYears);
        byte[] deviceCertificate = CertificateIssuer.Issue(
            CertificateProfile.DeviceId, deviceName, deviceId, dckName, _dck, validity, new TcbInfo(securityVersion, 0, [firmware.Ccu], debug));
        byte[] aliasCertificate = CertificateIssuer.Issue(
            CertificateProfile.Alias, aliasName, alias, deviceName, deviceId, validity, new TcbInfo(securityVersion, 1, [firmware.Icu, firmware.Tiles], debug));
        return [aliasCertificate, deviceCertificate, _dckCertificate];
    }

    private Validity DckValidity()
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _fault == Fault.ExpiredChain ? new Validity(now.AddDays(-2), now.AddDays(-1)) : Validity.From(now, CertificateYears);
    }

    // The bootloader is one of the tiles' files: another one measures differently alone and with them.
    private Measurement WithFault(Measurement tiles) => _fault == Fault.WrongBootloader ? Measurement.Of(tiles.ToArray()) : tiles;

    // Wrong firmware is an image that differs in a byte without meaning; its measurement is honest.
    private byte[] ReadIcuImage()
    {
        byte[] image = _loadedIcuImage ?? _meter.ReadIcuImage();
        return _fault is Fault.WrongFirmware or Fault.ForgedMeasurement ? [.. image, (byte)' '] : image;
    }
}
