using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Device.Microcontrollers;

namespace Orchestrator.Device.Identity;

/// <summary>What the device is from one reset to the next.</summary>
public sealed class BootIdentity : IDisposable
{
    /// <summary>The attestation key: signs quotes and receipts of this boot.</summary>
    public required ECDsa Alias { get; init; }

    /// <summary>Alias, DeviceID, DCK, in DER.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; init; }

    /// <summary>SHA-384 of the vendor's root key.</summary>
    public required Measurement VendorId { get; init; }

    /// <summary>SHA-384 of the DCK: names the device whatever firmware it runs.</summary>
    public required Measurement DckId { get; init; }

    /// <summary>SHA-384 of the DeviceID key: names the device under its present firmware.</summary>
    public required Measurement DeviceId { get; init; }

    /// <summary>How many boots there were, this one included.</summary>
    public required long BootCounter { get; init; }

    /// <summary>What was measured at this boot.</summary>
    public required FirmwareMeasurements Firmware { get; init; }

    /// <summary>What the autoloader will put on the tiles.</summary>
    public required Measurement Bootloader { get; init; }

    /// <summary>Security version of the firmware.</summary>
    public required int SecurityVersion { get; init; }

    /// <summary>Whether debugging is enabled.</summary>
    public required bool Debug { get; init; }

    /// <summary>What the ICU's firmware says of the board.</summary>
    public required BoardConfiguration Board { get; init; }

    /// <summary>SHA-384 of the alias key.</summary>
    public Measurement AliasId => Measurement.Of(Alias.ExportSubjectPublicKeyInfo());

    /// <summary>Erases the attestation key.</summary>
    public void Dispose() => Alias.Dispose();
}
