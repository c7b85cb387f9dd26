using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Lanes = System.Runtime.Intrinsics.Vector512<uint>;

namespace Orchestrator.Crypto.Streams;

/// <summary>Hashes up to 16 Merkle leaves of one length at once, a leaf in each 32-bit lane of the 512-bit registers (SHA-256, FIPS 180-4 section 6.2).</summary>
/// <remarks>
/// The processor's SHA instructions wait for each round's result before the next; sixteen independent leaves need not. That takes less than
/// half of the time. Leaves are public, so it does not matter what the time of a hash tells.
/// </remarks>
internal static class WideLeafHash
{
    /// <summary>The most leaves at once. Fewer take as long.</summary>
    public const int MaxLeaves = 16;

    /// <summary>Fewer leaves than this are hashed faster one after the other.</summary>
    public const int LeastLeaves = 8;

    private const int Words = 16;
    private const int BlockSize = 64;
    private const int LengthSize = 8;
    private const int PrefixSize = 1;

    private static readonly uint[] s_initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static readonly uint[] s_rounds =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Whether the processor can.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>Hashes leaves that stand one after the other.</summary>
    /// <param name="leaves">As many leaves of equal length as <paramref name="hashes"/> has places, each of at least 63 bytes.</param>
    /// <param name="hashes">Where the leaf hashes go: 1 to <see cref="MaxLeaves"/>.</param>
    public static void Hash(ReadOnlySpan<byte> leaves, Span<Digest> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hashes.Length is >= 1 and <= MaxLeaves, true);
        int size = leaves.Length / hashes.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(size, BlockSize - PrefixSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(leaves.Length, size * hashes.Length);

        Span<Lanes> state = stackalloc Lanes[s_initial.Length];
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = Vector512.Create(s_initial[i]);
        }

        // The prefix puts the leaf's blocks one byte before those of the message, so the first is assembled.
        Span<byte> edge = stackalloc byte[MaxLeaves * 2 * BlockSize];
        edge.Clear();
        ReadOnlySpan<byte> all = leaves;
        for (int lane = 0; lane < hashes.Length; lane++)
        {
            all.Slice(lane * size, BlockSize - PrefixSize).CopyTo(edge[((lane * BlockSize) + PrefixSize)..]);
        }

        Compress(state, edge, BlockSize, MaxLeaves, 1);
        int whole = (size + PrefixSize) / BlockSize;
        Compress(state, leaves[(BlockSize - PrefixSize)..], size, hashes.Length, whole - 1);

        int rest = size + PrefixSize - (whole * BlockSize);
        int blocks = rest + 1 + LengthSize <= BlockSize ? 1 : 2;
        edge.Clear();
        for (int lane = 0; lane < hashes.Length; lane++)
        {
            Span<byte> end = edge.Slice(lane * 2 * BlockSize, blocks * BlockSize);
            all.Slice(((lane + 1) * size) - rest, rest).CopyTo(end);
            end[rest] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(end[^LengthSize..], (size + (long)PrefixSize) * 8);
        }

        Compress(state, edge, 2 * BlockSize, MaxLeaves, blocks);
        Span<byte> hash = stackalloc byte[Digest.Size];
        for (int lane = 0; lane < hashes.Length; lane++)
        {
            for (int i = 0; i < state.Length; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(hash[(i * sizeof(uint))..], state[i][lane]);
            }

            hashes[lane] = new Digest(hash);
        }
    }

    /// <summary>Takes blocks of each lane's message, which begins <paramref name="stride"/> bytes after the lane before; lanes without one repeat the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(Span<Lanes> state, ReadOnlySpan<byte> messages, int stride, int lanes, int blocks)
    {
        Span<int> starts = stackalloc int[MaxLeaves];
        for (int lane = 0; lane < lanes; lane++)
        {
            starts[lane] = lane * stride;
        }

        Span<Lanes> schedule = stackalloc Lanes[Words];
        ref Lanes w = ref MemoryMarshal.GetReference(schedule);
        ref uint k = ref MemoryMarshal.GetArrayDataReference(s_rounds);
        for (int block = 0; block < blocks; block++, messages = messages[BlockSize..])
        {
            Load(schedule, messages, starts);
            Lanes a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
            for (int round = 0; round < s_rounds.Length; round += 8)
            {
                ref Lanes x = ref Unsafe.Add(ref w, round % Words);
                ref uint r = ref Unsafe.Add(ref k, round);
                Round(a, b, c, ref d, e, f, g, ref h, x, r);
                Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref x, 1), Unsafe.Add(ref r, 1));
                Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref x, 2), Unsafe.Add(ref r, 2));
                Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref x, 3), Unsafe.Add(ref r, 3));
                Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref x, 4), Unsafe.Add(ref r, 4));
                Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref x, 5), Unsafe.Add(ref r, 5));
                Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref x, 6), Unsafe.Add(ref r, 6));
                Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref x, 7), Unsafe.Add(ref r, 7));
                if (round < s_rounds.Length - Words)
                {
                    Extend(schedule, round % Words);
                }
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
            state[5] += f;
            state[6] += g;
            state[7] += h;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Lanes a, Lanes b, Lanes c, ref Lanes d, Lanes e, Lanes f, Lanes g, ref Lanes h, Lanes w, uint k)
    {
        const byte Choose = 0xCA;
        const byte Majority = 0xE8;
        h += Sum(e, 6, 11, 25) + (Avx512F.TernaryLogic(e, f, g, Choose) + (w + Vector512.Create(k)));
        d += h;
        h += Sum(a, 2, 13, 22) + Avx512F.TernaryLogic(a, b, c, Majority);
    }

    /// <summary>Replaces eight words of the message schedule by those sixteen rounds later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(Span<Lanes> w, int first)
    {
        for (int i = first; i < first + 8; i++)
        {
            Lanes early = w[(i + 1) % Words];
            Lanes late = w[(i + 14) % Words];
            w[i] += w[(i + 9) % Words]
                + Xor(Avx512F.RotateRight(early, 7), Avx512F.RotateRight(early, 18), early >>> 3)
                + Xor(Avx512F.RotateRight(late, 17), Avx512F.RotateRight(late, 19), late >>> 10);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Sum(Lanes x, [ConstantExpected] byte first, [ConstantExpected] byte second, [ConstantExpected] byte third) =>
        Xor(Avx512F.RotateRight(x, first), Avx512F.RotateRight(x, second), Avx512F.RotateRight(x, third));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Xor(Lanes x, Lanes y, Lanes z) => Avx512F.TernaryLogic(x, y, z, 0x96);

    /// <summary>Reads a block of each lane: word i of all lanes goes to <c>w[i]</c>, a transposition of 16 by 16 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(Span<Lanes> w, ReadOnlySpan<byte> messages, ReadOnlySpan<int> starts)
    {
        // By groups of four lanes: in each 128-bit part of quarter[4 i + j] stands one word of the four lanes from 4 i.
        Span<Lanes> quarters = stackalloc Lanes[Words];
        for (int i = 0; i < Words; i += 4)
        {
            Lanes row0 = Row(messages, starts[i]), row1 = Row(messages, starts[i + 1]), row2 = Row(messages, starts[i + 2]), row3 = Row(messages, starts[i + 3]);
            Vector512<ulong> low01 = Avx512F.UnpackLow(row0, row1).AsUInt64(), high01 = Avx512F.UnpackHigh(row0, row1).AsUInt64();
            Vector512<ulong> low23 = Avx512F.UnpackLow(row2, row3).AsUInt64(), high23 = Avx512F.UnpackHigh(row2, row3).AsUInt64();
            quarters[i] = Avx512F.UnpackLow(low01, low23).AsUInt32();
            quarters[i + 1] = Avx512F.UnpackHigh(low01, low23).AsUInt32();
            quarters[i + 2] = Avx512F.UnpackLow(high01, high23).AsUInt32();
            quarters[i + 3] = Avx512F.UnpackHigh(high01, high23).AsUInt32();
        }

        const byte Even = 0x88;
        const byte Odd = 0xDD;
        for (int i = 0; i < 4; i++)
        {
            Lanes even0 = Avx512F.Shuffle4x128(quarters[i], quarters[i + 4], Even), odd0 = Avx512F.Shuffle4x128(quarters[i], quarters[i + 4], Odd);
            Lanes even1 = Avx512F.Shuffle4x128(quarters[i + 8], quarters[i + 12], Even), odd1 = Avx512F.Shuffle4x128(quarters[i + 8], quarters[i + 12], Odd);
            w[i] = Avx512F.Shuffle4x128(even0, even1, Even);
            w[i + 4] = Avx512F.Shuffle4x128(odd0, odd1, Even);
            w[i + 8] = Avx512F.Shuffle4x128(even0, even1, Odd);
            w[i + 12] = Avx512F.Shuffle4x128(odd0, odd1, Odd);
        }
    }

    /// <summary>The 16 big-endian words at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Row(ReadOnlySpan<byte> messages, int start)
    {
        Vector128<byte> swap = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        return Avx512BW.Shuffle(Vector512.Create(messages.Slice(start, BlockSize)), Vector512.Create(swap)).AsUInt32();
    }
}
