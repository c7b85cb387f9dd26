namespace Orchestrator.Device.Tiles;

/// <summary>A piece of a sealed stream on its way to the host.</summary>
/// <param name="Offset">Its first byte's place in the stream.</param>
/// <param name="Bytes">The prologue, or a frame; of use until the host has it.</param>
/// <param name="IsLast">Whether the stream ends with it.</param>
public readonly record struct SealedPart(long Offset, ReadOnlyMemory<byte> Bytes, bool IsLast);
