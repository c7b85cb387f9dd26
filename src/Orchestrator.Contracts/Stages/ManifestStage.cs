using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Stages;

/// <summary>A prepare stage: a confidential container group that makes streams of parties' files before the device trains (docs/spec/prepare-stage.md).</summary>
/// <param name="Name">1 to 64 characters; owns what the stage makes, so that no party has it.</param>
/// <param name="Policy">SHA-256 of the execution policy that the group must be bound to.</param>
/// <param name="Measurements">Launch measurements to accept, at least one.</param>
/// <param name="Inputs">Ordered by name.</param>
/// <param name="Outputs">Ordered by name; exactly the streams that the stage owns.</param>
/// <param name="Devices">To which devices the group gives the keys of what it made.</param>
public sealed record ManifestStage(
    string Name, Digest Policy, ImmutableArray<Measurement> Measurements, ImmutableArray<StageInput> Inputs, ImmutableArray<StageOutput> Outputs, StageDevices Devices);

/// <summary>A party's sealed file, which the group's containers find under its name.</summary>
/// <param name="Name">File name in the volume <c>inputs</c>.</param>
/// <param name="Owner">The party whose key package carries the key.</param>
/// <param name="Digest">Pins header and every frame; also the object's address on the host.</param>
/// <param name="FrameSize">Plaintext bytes of a full frame.</param>
/// <param name="Frames">Frames, the last, shorter one included.</param>
/// <param name="Bytes">Plaintext bytes.</param>
public sealed record StageInput(string Name, string Owner, Digest Digest, int FrameSize, long Frames, long Bytes)
{
    /// <summary>What an input is sealed as.</summary>
    public const StreamKind Kind = StreamKind.File;
}

/// <summary>A file that the containers leave, and the stream that the group makes of it.</summary>
/// <param name="Name">File name in the volume <c>outputs</c>; its extension says how records are written: <c>.csv</c>, <c>.npy</c>, <c>.npz</c>, <c>.txt</c>.</param>
/// <param name="Stream">Id of the stream, whose schema its records have.</param>
public sealed record StageOutput(string Name, int Stream);

/// <summary>What a group may tolerate in a device.</summary>
[Flags]
public enum DeviceAllowances
{
    /// <summary>Nothing out of the ordinary.</summary>
    None = 0,

    /// <summary>A root of trust that is software.</summary>
    SimulatedDevices = 1,

    /// <summary>Tiles without confinement.</summary>
    UnconfinedTiles = 2,

    /// <summary>No collateral, which a group without a network cannot have.</summary>
    UnknownRevocation = 4,
}

/// <summary>Which devices get the keys of what a stage made, besides what the manifest demands of every device.</summary>
/// <param name="Roots">Vendor roots in DER, at least one.</param>
/// <param name="Allow">What is tolerated.</param>
public sealed record StageDevices(ImmutableArray<ReadOnlyMemory<byte>> Roots, DeviceAllowances Allow);
