using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Crypto.Cose;
using Orchestrator.Device.Identity;

namespace Orchestrator.Device.Sessions;

/// <summary>Makes and signs quotes.</summary>
/// <param name="confined">Whether the tiles of this device are confined.</param>
/// <param name="honestIcu">What the ICU of this build measures, for the fault of naming it whatever runs.</param>
/// <param name="fault">The lie to tell, if any.</param>
public sealed class Quoter(bool confined, Measurement honestIcu, Fault fault)
{
    private const string HardwareModel = "orchestrator-itx-simulator";
    private const string HardwareVersion = "1";

    private ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> _earlierNonces = ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>The evidence for a session, signed with the boot's alias key.</summary>
    public byte[] Attest(Session session, BootIdentity device)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(device);
        var quote = new Quote
        {
            Ueid = Quote.UeidOf(device.DckId),
            OemId = Quote.OemIdOf(device.VendorId),
            HardwareModel = HardwareModel,
            HardwareVersion = HardwareVersion,
            DeviceId = device.DeviceId,
            Firmware = fault == Fault.ForgedMeasurement ? device.Firmware with { Icu = honestIcu } : device.Firmware,
            SecurityVersion = device.SecurityVersion,
            Debug = device.Debug,
            Mode = fault == Fault.OrdinaryMode ? Quote.OrdinaryMode : Quote.TrustedMode,
            Confined = confined,
            Simulated = fault != Fault.ForgedHardware,
            BootCounter = device.BootCounter,
            Bootloader = device.Bootloader,
            Manifest = session.Job.Manifest.Digest,
            Session = session.Id,
            SessionKey = session.PublicKey,
            Nonces = ChooseNonces(session.Job.Nonces),
            Checkpoint = session.Job.Resume?.Claim,
            Preparations = session.Job.Prepared.Digests,
        };
        return CoseSign1.Sign(device.Alias, Evidence.ContentType, device.AliasId.ToArray(), device.Certificates, quote.ToCbor().Encode());
    }

    private ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> ChooseNonces(ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> fresh)
    {
        ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> earlier = _earlierNonces;
        _earlierNonces = fresh;
        return fault == Fault.ReplayedNonce
            ? fresh.ToImmutableSortedDictionary(nonce => nonce.Key, nonce => earlier.GetValueOrDefault(nonce.Key, NonceOfForgottenSession()), StringComparer.Ordinal)
            : fresh;
    }

    private static ReadOnlyMemory<byte> NonceOfForgottenSession() => RandomNumberGenerator.GetBytes(Quote.NonceSize);
}
