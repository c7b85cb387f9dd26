using System.Collections.Immutable;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Identity;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sessions;

/// <summary>A job that the device has agreed to quote for: manifest, every party's verified approval and nonce, and the checkpoint to resume from. Only <see cref="Check"/> makes one.</summary>
public sealed class LoadedJob
{
    /// <summary>Frames of all streams together: 32 bytes of memory each, and at frames of 256 KiB a tebibyte of data.</summary>
    public const long MaxFrames = 1 << 22;

    private LoadedJob(
        Manifest manifest, IReadOnlyList<VerifiedApproval> approvals, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> nonces, ResumePoint? resume)
    {
        Manifest = manifest;
        Approvals = approvals;
        Nonces = nonces;
        Resume = resume;
    }

    /// <summary>The contract.</summary>
    public Manifest Manifest { get; }

    /// <summary>One of every party.</summary>
    public IReadOnlyList<VerifiedApproval> Approvals { get; }

    /// <summary>One of every party, 32 bytes each.</summary>
    public ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Nonces { get; }

    /// <summary>Where the session begins; <see langword="null"/>: at the beginning.</summary>
    public ResumePoint? Resume { get; }

    /// <summary>Checks what a host wants to load: encoding, signatures of all parties, nonces of all parties, and that the device can do the job.</summary>
    /// <param name="manifest">Untrusted bytes.</param>
    /// <param name="approvals">Untrusted messages.</param>
    /// <param name="nonces">By party, untrusted.</param>
    /// <param name="checkpoint">Untrusted; <see langword="null"/> begins anew.</param>
    /// <param name="device">The device that would run the job.</param>
    /// <param name="acceptsItself">Whether the device is the kind that refuses a manifest which does not accept it; one that is wrong on purpose is not.</param>
    /// <exception cref="OrchestratorException">A code of the manifest's, the approvals' or <see cref="DeviceErrors"/>.</exception>
    public static LoadedJob Check(
        ReadOnlyMemory<byte> manifest,
        IEnumerable<ReadOnlyMemory<byte>> approvals,
        IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces,
        CheckpointOffer? checkpoint,
        BootIdentity device,
        bool acceptsItself)
    {
        ArgumentNullException.ThrowIfNull(device);
        Manifest contract = Manifest.Decode(manifest);
        IReadOnlyList<VerifiedApproval> signed = Approval.VerifyAll(approvals, contract);
        ResumePoint? resume = checkpoint is null ? null : ResumePoint.Check(checkpoint, contract);
        var job = new LoadedJob(contract, signed, CheckNonces(nonces, contract), resume);
        if (acceptsItself)
        {
            CheckRequirements(contract.Content.Device, device);
        }

        CheckSupported(contract.Content);
        MemoryPlan.Of(contract.Content).RequireFits(device.Board.TileMemoryBytes);
        return job;
    }

    private static ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> CheckNonces(
        IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces, Manifest manifest)
    {
        IEnumerable<string> parties = manifest.Content.Parties.Select(party => party.Name);
        if (!nonces.Select(nonce => nonce.Key).Order(StringComparer.Ordinal).SequenceEqual(parties.Order(StringComparer.Ordinal)) ||
            nonces.Any(nonce => nonce.Value.Length != Quote.NonceSize))
        {
            throw new OrchestratorException(DeviceErrors.NoncesInvalid, DeviceErrors.NoncesInvalid.Meaning);
        }

        return nonces.ToImmutableSortedDictionary(nonce => nonce.Key, nonce => (ReadOnlyMemory<byte>)nonce.Value.ToArray(), StringComparer.Ordinal);
    }

    private static void CheckRequirements(DeviceRequirements required, BootIdentity device)
    {
        if (!required.Firmware.Contains(device.Firmware) || device.SecurityVersion < required.MinimumSecurityVersion)
        {
            throw new OrchestratorException(DeviceErrors.FirmwareNotAccepted,
                $"The manifest does not accept this device's firmware ({device.Firmware}, security version {device.SecurityVersion}).");
        }
    }

    private static void CheckSupported(ManifestContent manifest)
    {
        if (manifest.Streams.Sum(stream => stream.Frames) > MaxFrames || manifest.Streams.Count(stream => stream.Role is not null) > TileLimits.MaxStreams)
        {
            throw new OrchestratorException(DeviceErrors.Unsupported, $"This device reads at most {MaxFrames} frames of {TileLimits.MaxStreams} data streams.");
        }
    }
}
