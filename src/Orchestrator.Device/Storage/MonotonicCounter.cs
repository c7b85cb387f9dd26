using System.Buffers.Binary;

namespace Orchestrator.Device.Storage;

/// <summary>A counter that survives restarts and never goes back, kept in a file of 8 bytes, big endian.</summary>
public sealed class MonotonicCounter(StateFolder folder, string name)
{
    /// <summary>Adds one, stores the result, and only then returns it.</summary>
    /// <exception cref="Errors.OrchestratorException"><see cref="DeviceErrors.StateDamaged"/> or a storage code.</exception>
    public long Increment()
    {
        long next = Value + 1;
        byte[] data = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(data, next);
        folder.Write(name, data);
        return next;
    }

    /// <summary>The present value, 0 before the first increment.</summary>
    public long Value => folder.Read(name) switch
    {
        null => 0,
        { Length: sizeof(long) } data when BinaryPrimitives.ReadInt64BigEndian(data) > 0 => BinaryPrimitives.ReadInt64BigEndian(data),
        _ => throw new Errors.OrchestratorException(DeviceErrors.StateDamaged, $"The counter file {folder.PathOf(name)} is damaged."),
    };
}
