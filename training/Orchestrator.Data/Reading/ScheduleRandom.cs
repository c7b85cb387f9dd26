using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Orchestrator.Data.Reading;

/// <summary>
/// The generator behind shuffled reading: xoshiro256** 1.0 (Blackman and Vigna, arXiv 1805.01407), its four words of state
/// taken little endian from SHA-256("orchestrator/interleaving/v1" || seed u64 LE || epoch u64 LE). Not for secrets: the seed is
/// public in the manifest.
/// </summary>
internal sealed class ScheduleRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public ScheduleRandom(long seed, int epoch)
    {
        var label = "orchestrator/interleaving/v1"u8;
        Span<byte> input = stackalloc byte[label.Length + 16];
        label.CopyTo(input);
        BinaryPrimitives.WriteInt64LittleEndian(input[label.Length..], seed);
        BinaryPrimitives.WriteInt64LittleEndian(input[(label.Length + 8)..], epoch);
        Span<byte> state = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, state);
        _s0 = BinaryPrimitives.ReadUInt64LittleEndian(state);
        _s1 = BinaryPrimitives.ReadUInt64LittleEndian(state[8..]);
        _s2 = BinaryPrimitives.ReadUInt64LittleEndian(state[16..]);
        _s3 = BinaryPrimitives.ReadUInt64LittleEndian(state[24..]);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
            var shifted = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= shifted;
            _s3 = BitOperations.RotateLeft(_s3, 45);
            return result;
        }
    }

    /// <summary>A number below <paramref name="bound"/>, each equally likely: Lemire's method (arXiv 1805.10941) with 64-bit words.</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        var range = (ulong)bound;
        var high = Math.BigMul(Next(), range, out ulong low);
        if (low < range)
        {
            var threshold = unchecked(0 - range) % range;
            while (low < threshold)
            {
                high = Math.BigMul(Next(), range, out low);
            }
        }

        return (int)high;
    }

    /// <summary>Fisher and Yates' shuffle, from the last element down.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var chosen = Below(last + 1);
            (items[last], items[chosen]) = (items[chosen], items[last]);
        }
    }
}
