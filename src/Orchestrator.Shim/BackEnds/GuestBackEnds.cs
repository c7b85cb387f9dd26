using Orchestrator.Attestation;
using Orchestrator.Attestation.Snp;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.Groups;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.BackEnds;

/// <summary>What guests are run from.</summary>
/// <param name="Uvm">Folder of a utility VM's image: each guest gets a machine of its own. Null: they run in sandboxes.</param>
/// <param name="Endorsement">File of a publisher's endorsement of what they measure. Null: that in the image's folder, if there is one.</param>
public sealed record GuestSource(string? Uvm = null, string? Endorsement = null);

/// <summary>The choice between namespaces and virtual machines.</summary>
public static class GuestBackEnds
{
    private const int MaxEndorsement = 256 * 1024;

    /// <summary>A way to run guests.</summary>
    /// <param name="psp">Launches them, and speaks for them.</param>
    /// <param name="source">What they are run from.</param>
    /// <param name="time">The host's clock.</param>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.EndorsementForeign"/>, <see cref="SnpErrors.EndorsementInvalid"/>, a code of <see cref="UvmErrors"/> or of storage.</exception>
    public static IBackEnd Open(SimulatedPsp psp, GuestSource source, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(time);
        UvmImage? image = source.Uvm is { } folder ? UvmImage.Open(folder) : null;
        byte[]? endorsement = source.Endorsement is { } file ? LocalFile.ReadAllBytes(file, MaxEndorsement, SnpErrors.EndorsementInvalid) : image?.ReadEndorsement();
        if (endorsement is not null)
        {
            RequireOf(image?.Measurement ?? SandboxBackEnd.MeasureAgent(), endorsement, time.GetUtcNow());
        }

        return image is null ? new SandboxBackEnd(psp, Bytes(endorsement)) : new MachineBackEnd(psp, image, RunningGroup.ScratchBytes, time, Bytes(endorsement));
    }

    /// <summary>What its guests measure, for parties to accept.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NotStarted"/>, or a code of <see cref="UvmErrors"/> or of storage.</exception>
    public static Measurement Measure(string? uvm) => uvm is null ? SandboxBackEnd.MeasureAgent() : UvmImage.Open(uvm).Measurement;

    // Parties would refuse every group that shows another image's endorsement; its operator learns it at once.
    private static void RequireOf(Measurement measured, byte[] endorsement, DateTimeOffset time)
    {
        var verified = VerifiedEndorsement.Verify(endorsement, time);
        if (verified.Measurement != measured)
        {
            throw new OrchestratorException(ShimErrors.EndorsementForeign, $"The endorsement is of the measurement {verified.Measurement}; guests here measure {measured}.");
        }
    }

    // A null array would silently become an empty memory.
    private static ReadOnlyMemory<byte>? Bytes(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;
}
