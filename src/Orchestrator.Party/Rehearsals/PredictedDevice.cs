using System.Collections.Immutable;
using System.Formats.Asn1;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>What a device will probably claim of itself: a guess to rehearse with, never a reason to release anything.</summary>
/// <param name="Name">How findings call it.</param>
/// <param name="Firmware">Measurements.</param>
/// <param name="SecurityVersion">Security version.</param>
/// <param name="Debug">Whether debugging is enabled.</param>
/// <param name="Simulated">Whether its root of trust is software.</param>
public sealed record PredictedDevice(string Name, FirmwareMeasurements Firmware, int SecurityVersion, bool Debug, bool Simulated)
{
    /// <summary>The devices that would just satisfy a manifest. They are taken to be simulated, as all devices of this version are.</summary>
    public static IReadOnlyList<PredictedDevice> RequiredBy(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        DeviceRequirements device = manifest.Content.Device;
        return [.. device.Firmware.Select((firmware, index) => new PredictedDevice(
            device.Firmware.Length == 1 ? "the required device" : $"required device {index + 1}", firmware, device.MinimumSecurityVersion, Debug: false, Simulated: true))];
    }

    /// <summary>A device as a host describes it, from the certificates that it presents; null if they cannot be read.</summary>
    public static PredictedDevice? From(DeviceDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        try
        {
            IReadOnlyList<ReadOnlyMemory<byte>> chain = Split(description.Evidence.Memory);
            if (chain.Count != CertificateChain.PresentedCount)
            {
                return null;
            }

            DeviceCertificate alias = DeviceCertificate.Parse(chain[0], CertificateProfile.Alias);
            DeviceCertificate deviceId = DeviceCertificate.Parse(chain[1], CertificateProfile.DeviceId);
            DeviceCertificate dck = DeviceCertificate.Parse(chain[2], CertificateProfile.Dck);
            return alias.Tcb is { Fwids: [var icu, var tiles] } && deviceId.Tcb is { Fwids: [var ccu] } tcb
                ? new PredictedDevice(description.Name, new FirmwareMeasurements(ccu, icu, tiles), tcb.SecurityVersion, tcb.Debug, dck.Simulated)
                : null;
        }
        catch (Exception e) when (e is OrchestratorException or AsnContentException)
        {
            return null;
        }
    }

    /// <summary>The claims that the device would make; what belongs to a session is blank.</summary>
    internal Quote Claims(Digest manifest)
    {
        using HpkePrivateKey session = HpkePrivateKey.Generate();
        return new Quote
        {
            Ueid = new byte[Quote.UeidSize],
            OemId = new byte[Quote.OemIdSize],
            HardwareModel = Name,
            HardwareVersion = "",
            DeviceId = default,
            Firmware = Firmware,
            SecurityVersion = SecurityVersion,
            Debug = Debug,
            Mode = Quote.TrustedMode,
            Confined = true,
            Simulated = Simulated,
            BootCounter = 1,
            Bootloader = default,
            Manifest = manifest,
            Session = new byte[Quote.SessionSize],
            SessionKey = session.PublicKey,
            Nonces = ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty,
        };
    }

    private static List<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> certificates)
    {
        var reader = new AsnReader(certificates, AsnEncodingRules.DER);
        var chain = new List<ReadOnlyMemory<byte>>();
        while (reader.HasData && chain.Count <= CertificateChain.PresentedCount)
        {
            chain.Add(reader.ReadEncodedValue());
        }

        return chain;
    }
}
