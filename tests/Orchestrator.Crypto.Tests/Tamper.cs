namespace Orchestrator.Crypto.Tests;

/// <summary>Altered copies of a good encoding, each with a name to report.</summary>
internal static class Tamper
{
    /// <summary>One copy a field, with one bit of it flipped. The fields, in order, have to account for every byte.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> OneByteAField(byte[] good, params (string Field, int Length)[] fields)
    {
        Assert.Equal(good.Length, fields.Sum(field => field.Length));
        int offset = 0;
        foreach ((string field, int length) in fields)
        {
            byte[] copy = [.. good];
            copy[offset + (length / 2)] ^= 0x01;
            offset += length;
            yield return (field, copy);
        }
    }

    /// <summary>One copy a bit, with that bit flipped.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> EveryBit(byte[] good)
    {
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] copy = [.. good];
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            yield return ($"byte {bit / 8} bit {bit % 8}", copy);
        }
    }

    /// <summary>One copy a length, cut to it, and one with a byte more.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> EveryLength(byte[] good)
    {
        for (int length = 0; length < good.Length; length++)
        {
            yield return ($"cut to {length}", good[..length]);
        }

        yield return ("one byte more", [.. good, 0]);
    }

    /// <summary>Asserts that <paramref name="refuses"/> holds for all of the copies, of which there is at least one.</summary>
    public static void AssertAllRefused(this IEnumerable<(string Name, byte[] Bytes)> copies, Func<byte[], bool> refuses)
    {
        int count = 0;
        foreach ((string name, byte[] bytes) in copies)
        {
            Assert.True(refuses(bytes), name);
            count++;
        }

        Assert.NotEqual(0, count);
    }
}
