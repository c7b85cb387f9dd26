using System.Collections.Immutable;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Stages;
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
        PreparedJob prepared, IReadOnlyList<VerifiedApproval> approvals, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> nonces, ResumePoint? resume)
    {
        Prepared = prepared;
        Approvals = approvals;
        Nonces = nonces;
        Resume = resume;
    }

    /// <summary>The contract.</summary>
    public Manifest Manifest => Prepared.Manifest;

    /// <summary>The contract, and what its stages made.</summary>
    public PreparedJob Prepared { get; }

    /// <summary>One of every party.</summary>
    public IReadOnlyList<VerifiedApproval> Approvals { get; }

    /// <summary>One of every party and stage, 32 bytes each.</summary>
    public ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Nonces { get; }

    /// <summary>Where the session begins; <see langword="null"/>: at the beginning.</summary>
    public ResumePoint? Resume { get; }

    /// <summary>Checks what a host wants to load: encoding, signatures of all parties, statements of all stages, nonces of all of them, and that the device can do the job.</summary>
    /// <param name="request">Untrusted.</param>
    /// <param name="device">The device that would run the job.</param>
    /// <param name="acceptsItself">Whether the device is the kind that refuses a manifest which does not accept it; one that is wrong on purpose is not.</param>
    /// <exception cref="OrchestratorException">A code of the manifest's, the approvals', the stages' or <see cref="DeviceErrors"/>.</exception>
    public static LoadedJob Check(LoadRequest request, BootIdentity device, bool acceptsItself)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(device);
        Manifest contract = Manifest.Decode(request.Manifest.Memory);
        IReadOnlyList<VerifiedApproval> signed = Approval.VerifyAll(request.Approvals.Select(approval => approval.Memory), contract);
        var prepared = PreparedJob.Of(contract, request.Preparations.Take(contract.Content.Stages.Length + 1).Select(made => Preparation.Verify(made.Evidence.Memory, made.Statement.Memory, contract)));
        ResumePoint? resume = request.Checkpoint is null ? null : ResumePoint.Check(request.Checkpoint, contract);
        var job = new LoadedJob(prepared, signed, CheckNonces([.. request.Nonces.Select(nonce => KeyValuePair.Create(nonce.Party, nonce.Nonce.Memory))], prepared), resume);
        if (acceptsItself)
        {
            CheckRequirements(contract.Content.Device, device);
        }

        CheckSupported(prepared.Content);
        MemoryPlan.Of(contract.Content).RequireFits(device.Board.TileMemoryBytes);
        return job;
    }

    private static ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> CheckNonces(
        IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces, PreparedJob job)
    {
        if (!nonces.Select(nonce => nonce.Key).Order(StringComparer.Ordinal).SequenceEqual(job.Owners.Order(StringComparer.Ordinal)) ||
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
