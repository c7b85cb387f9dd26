using System.Security.Cryptography;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>
/// One direction of <see cref="TileMemory"/>: the sender writes a message where the receiver reads it, and the receiver wipes what it has
/// read. That a message is there is said on the pipe; that there is room again, by a counter in the memory. For one sender and one
/// receiver at a time.
/// </summary>
public sealed class TileRing
{
    private const uint Alignment = 64;

    /// <summary>How soon a sender that waits for room looks whether the other end is still there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly SharedMemory _header;
    private readonly int _releasedWord;
    private readonly SharedMemory _data;
    private readonly uint _capacity;

    // Bytes that went through since the beginning, modulo 2^32, which every capacity divides.
    private uint _sent;
    private uint _reserved;
    private uint _received;
    private uint _taken;

    internal TileRing(SharedMemory header, int releasedWord, SharedMemory data, int capacity)
    {
        _header = header;
        _releasedWord = releasedWord;
        _data = data;
        _capacity = (uint)capacity;
    }

    /// <summary>Bytes of the longest message.</summary>
    public int Capacity => (int)_capacity;

    /// <summary>Waits for room for a message. <see cref="Publish"/> or <see cref="Withdraw"/> comes next.</summary>
    /// <exception cref="OperationCanceledException">The other end is gone.</exception>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.MessageMalformed"/>: the other end counts what it was not sent.</exception>
    public Memory<byte> Reserve(int length, CancellationToken closed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Capacity);
        _reserved = Aligned(length);
        while (true)
        {
            closed.ThrowIfCancellationRequested();
            var released = unchecked((uint)Volatile.Read(ref _header.Word(_releasedWord)));
            var used = unchecked(_sent - released);
            if (used > _capacity)
            {
                throw new OrchestratorException(TileErrors.MessageMalformed, "The other end of the tile channel says that it read what was not sent.");
            }

            if (_reserved <= _capacity - used)
            {
                return _data.Memory.Slice((int)(_sent % _capacity), length);
            }

            _header.Wait(_releasedWord, unchecked((int)released), Patience);
        }
    }

    /// <summary>The reserved message is written; the other end may be told.</summary>
    public void Publish() => _sent = unchecked(_sent + _reserved);

    /// <summary>Wipes the reserved message: it is not sent.</summary>
    public void Withdraw() => CryptographicOperations.ZeroMemory(_data.GetSpan().Slice((int)(_sent % _capacity), (int)_reserved));

    /// <summary>The next message, of which the pipe told the length; to be read before <see cref="Release"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.MessageTooLarge"/>.</exception>
    public ReadOnlyMemory<byte> Take(int length)
    {
        if (length > Capacity)
        {
            throw new OrchestratorException(TileErrors.MessageTooLarge, $"A message of {length} bytes was announced; the shared memory holds {Capacity}.");
        }

        _taken = Aligned(length);
        return _data.Memory.Slice((int)(_received % _capacity), length);
    }

    /// <summary>Wipes what was taken, if anything, and gives its room back.</summary>
    public void Release()
    {
        if (_taken == 0)
        {
            return;
        }

        CryptographicOperations.ZeroMemory(_data.GetSpan().Slice((int)(_received % _capacity), (int)_taken));
        _received = unchecked(_received + _taken);
        _taken = 0;
        Volatile.Write(ref _header.Word(_releasedWord), unchecked((int)_received));
        _header.Wake(_releasedWord);
    }

    private static uint Aligned(int length) => ((uint)length + Alignment - 1) / Alignment * Alignment;
}
