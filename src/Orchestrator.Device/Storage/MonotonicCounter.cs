using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Device.Storage;

/// <summary>
/// A counter that survives restarts and never goes back, kept in two files of 8 bytes, big endian, each with an HMAC-SHA-256
/// under a key of the device. It notices a file that was made up, removed or put back to an earlier state; it cannot notice
/// that both, or the whole folder, were put back at once, for which hardware has fuses. See <c>docs/spec/device.md</c>.
/// </summary>
public sealed class MonotonicCounter
{
    private const int FileSize = sizeof(long) + HMACSHA256.HashSizeInBytes;

    private readonly StateFolder _folder;
    private readonly string _name;
    private readonly byte[] _key;

    /// <param name="folder">Where the files are.</param>
    /// <param name="name">Name of the first file; the second one's ends in <c>.copy</c>.</param>
    /// <param name="key">Secret of this device; the caller erases it.</param>
    public MonotonicCounter(StateFolder folder, string name, byte[] key)
    {
        _folder = folder;
        _name = name;
        _key = key;
    }

    private string Copy => _name + ".copy";

    /// <summary>The present value.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CounterRolledBack"/>, <see cref="DeviceErrors.StateDamaged"/> or a storage code.</exception>
    public long Value
    {
        get
        {
            (long value, long copy) = (Read(_name), Read(Copy));

            // The copy is written last, so a crash leaves it one behind.
            return value == copy || value == copy + 1
                ? value
                : throw new OrchestratorException(DeviceErrors.CounterRolledBack, $"{_folder.PathOf(_name)} says {value}, its copy {copy}.");
        }
    }

    /// <summary>Begins to count, at 0: once in a device's life.</summary>
    public void Provision() => Write(0);

    /// <summary>Adds one, stores the result, and only then returns it.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Value"/>.</exception>
    public long Increment()
    {
        long next = Value + 1;
        Write(next);
        return next;
    }

    private void Write(long value)
    {
        byte[] data = new byte[FileSize];
        BinaryPrimitives.WriteInt64BigEndian(data, value);
        Authenticate(data).CopyTo(data, sizeof(long));
        _folder.Write(_name, data);
        _folder.Write(Copy, data);
    }

    private long Read(string file)
    {
        byte[] data = _folder.Read(file) ?? [];
        return data.Length == FileSize && CryptographicOperations.FixedTimeEquals(data.AsSpan(sizeof(long)), Authenticate(data))
            ? BinaryPrimitives.ReadInt64BigEndian(data)
            : throw new OrchestratorException(DeviceErrors.StateDamaged, $"The counter file {_folder.PathOf(file)} is missing, or not by this device.");
    }

    private byte[] Authenticate(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_key, (byte[])[.. Encoding.UTF8.GetBytes(_name), 0, .. data[..sizeof(long)]]);
}
