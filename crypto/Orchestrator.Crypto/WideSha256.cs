using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Lanes = System.Runtime.Intrinsics.Vector512<uint>;

namespace Orchestrator.Crypto;

/// <summary>Hashes up to 16 messages of one length at once, one in each 32-bit lane of the 512-bit registers (SHA-256, FIPS 180-4 section 6.2).</summary>
/// <remarks>
/// The processor's SHA instructions wait for each round's result before the next; sixteen independent messages need not. That takes a
/// third of the time. It is meant for public data, though nothing here depends on what is hashed but its length.
/// </remarks>
public static class WideSha256
{
    /// <summary>The most messages at once. Fewer take as long.</summary>
    public const int MaxMessages = 16;

    /// <summary>Fewer messages than this are hashed faster one after the other.</summary>
    public const int LeastMessages = 6;

    private const int Words = 16;
    private const int BlockSize = 64;
    private const int LengthSize = 8;

    // So far ahead the next blocks are asked for: sixteen places at once are more than the processor foresees by itself.
    private const int Ahead = 4 * BlockSize;

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

    /// <summary>Hashes messages that stand one after the other, each behind the same prefix.</summary>
    /// <param name="prefix">Up to 63 bytes.</param>
    /// <param name="messages">As many messages of equal length as <paramref name="hashes"/> has room for, each of at least 64 bytes with the prefix.</param>
    /// <param name="hashes">Where the hashes go, 32 bytes each, 1 to <see cref="MaxMessages"/> of them.</param>
    public static void Hash(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> messages, Span<byte> hashes)
    {
        int count = hashes.Length / SHA256.HashSizeInBytes;
        ArgumentOutOfRangeException.ThrowIfNotEqual(count is >= 1 and <= MaxMessages, true);
        ArgumentOutOfRangeException.ThrowIfNotEqual(hashes.Length, count * SHA256.HashSizeInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(prefix.Length, BlockSize);
        int size = messages.Length / count;
        int beside = BlockSize - prefix.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(size, beside);
        ArgumentOutOfRangeException.ThrowIfNotEqual(messages.Length, size * count);

        Span<Lanes> state = stackalloc Lanes[s_initial.Length];
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = Vector512.Create(s_initial[i]);
        }

        // Only the first block, which begins with the prefix, and the last ones, with the padding, are assembled.
        Span<byte> edge = stackalloc byte[MaxMessages * 2 * BlockSize];
        edge.Clear();
        for (int lane = 0; lane < count; lane++)
        {
            Span<byte> first = edge.Slice(lane * BlockSize, BlockSize);
            prefix.CopyTo(first);
            messages.Slice(lane * size, beside).CopyTo(first[prefix.Length..]);
        }

        Compress(state, edge, BlockSize, MaxMessages, 1);
        int whole = (prefix.Length + size) / BlockSize;
        Compress(state, messages[beside..], size, count, whole - 1);

        int rest = prefix.Length + size - (whole * BlockSize);
        int blocks = rest + 1 + LengthSize <= BlockSize ? 1 : 2;
        edge.Clear();
        for (int lane = 0; lane < count; lane++)
        {
            Span<byte> last = edge.Slice(lane * 2 * BlockSize, blocks * BlockSize);
            messages.Slice(((lane + 1) * size) - rest, rest).CopyTo(last);
            last[rest] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(last[^LengthSize..], (prefix.Length + (long)size) * 8);
        }

        Compress(state, edge, 2 * BlockSize, MaxMessages, blocks);
        for (int lane = 0; lane < count; lane++, hashes = hashes[SHA256.HashSizeInBytes..])
        {
            for (int i = 0; i < state.Length; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(hashes[(i * sizeof(uint))..], state[i][lane]);
            }
        }
    }

    /// <summary>Takes blocks of each lane's message, which begins <paramref name="stride"/> bytes after the lane before; lanes without one repeat the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(Span<Lanes> state, ReadOnlySpan<byte> messages, int stride, int lanes, int blocks)
    {
        Span<int> starts = stackalloc int[MaxMessages];
        for (int lane = 0; lane < lanes; lane++)
        {
            starts[lane] = lane * stride;
        }

        Span<Lanes> w = stackalloc Lanes[Words];
        ref uint k = ref MemoryMarshal.GetArrayDataReference(s_rounds);
        for (int block = 0; block < blocks; block++, messages = messages[BlockSize..])
        {
            Load(w, messages, starts);

            // By name, not in arrays: these 24 stay in registers.
            Lanes w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7];
            Lanes w8 = w[8], w9 = w[9], w10 = w[10], w11 = w[11], w12 = w[12], w13 = w[13], w14 = w[14], w15 = w[15];
            Lanes a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
            for (int round = 0; round < s_rounds.Length; round += Words)
            {
                ref uint r = ref Unsafe.Add(ref k, round);
                Round(a, b, c, ref d, e, f, g, ref h, ref w0, w1, w9, w14, r);
                Round(h, a, b, ref c, d, e, f, ref g, ref w1, w2, w10, w15, Unsafe.Add(ref r, 1));
                Round(g, h, a, ref b, c, d, e, ref f, ref w2, w3, w11, w0, Unsafe.Add(ref r, 2));
                Round(f, g, h, ref a, b, c, d, ref e, ref w3, w4, w12, w1, Unsafe.Add(ref r, 3));
                Round(e, f, g, ref h, a, b, c, ref d, ref w4, w5, w13, w2, Unsafe.Add(ref r, 4));
                Round(d, e, f, ref g, h, a, b, ref c, ref w5, w6, w14, w3, Unsafe.Add(ref r, 5));
                Round(c, d, e, ref f, g, h, a, ref b, ref w6, w7, w15, w4, Unsafe.Add(ref r, 6));
                Round(b, c, d, ref e, f, g, h, ref a, ref w7, w8, w0, w5, Unsafe.Add(ref r, 7));
                Round(a, b, c, ref d, e, f, g, ref h, ref w8, w9, w1, w6, Unsafe.Add(ref r, 8));
                Round(h, a, b, ref c, d, e, f, ref g, ref w9, w10, w2, w7, Unsafe.Add(ref r, 9));
                Round(g, h, a, ref b, c, d, e, ref f, ref w10, w11, w3, w8, Unsafe.Add(ref r, 10));
                Round(f, g, h, ref a, b, c, d, ref e, ref w11, w12, w4, w9, Unsafe.Add(ref r, 11));
                Round(e, f, g, ref h, a, b, c, ref d, ref w12, w13, w5, w10, Unsafe.Add(ref r, 12));
                Round(d, e, f, ref g, h, a, b, ref c, ref w13, w14, w6, w11, Unsafe.Add(ref r, 13));
                Round(c, d, e, ref f, g, h, a, ref b, ref w14, w15, w7, w12, Unsafe.Add(ref r, 14));
                Round(b, c, d, ref e, f, g, h, ref a, ref w15, w0, w8, w13, Unsafe.Add(ref r, 15));
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

    /// <summary>A round with a word of the message schedule, which it replaces by that of sixteen rounds later, from those 1, 9 and 14 after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Lanes a, Lanes b, Lanes c, ref Lanes d, Lanes e, Lanes f, Lanes g, ref Lanes h, ref Lanes w, Lanes after1, Lanes after9, Lanes after14, uint k)
    {
        const byte Choose = 0xCA;
        const byte Majority = 0xE8;

        // What does not wait for the round before comes first in each sum, and the sum is made twice, as d would wait for h.
        Lanes early = h + (w + Vector512.Create(k));
        Lanes choice = Avx512F.TernaryLogic(e, f, g, Choose);
        Lanes sum = Xor(e, 6, 11, 25);
        d = d + early + choice + sum;
        h = early + choice + sum + (Xor(a, 2, 13, 22) + Avx512F.TernaryLogic(a, b, c, Majority));
        w = w + after9
            + Xor(Avx512F.RotateRight(after1, 7), Avx512F.RotateRight(after1, 18), after1 >>> 3)
            + Xor(Avx512F.RotateRight(after14, 17), Avx512F.RotateRight(after14, 19), after14 >>> 10);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Xor(Lanes x, [ConstantExpected] byte first, [ConstantExpected] byte second, [ConstantExpected] byte third) =>
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
    private static unsafe Lanes Row(ReadOnlySpan<byte> messages, int start)
    {
        ReadOnlySpan<byte> block = messages.Slice(start, BlockSize);
        Sse.Prefetch0((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(block)) + Ahead);
        Vector128<byte> swap = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        return Avx512BW.Shuffle(Vector512.Create(block), Vector512.Create(swap)).AsUInt32();
    }
}
