using System.Globalization;
using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Device.Tests.Support;

/// <summary>The memory of another process, as one reads it who may attach a debugger to it: all that is no unchanged file.</summary>
internal sealed class MemoryImage(int process)
{
    private const int Piece = 1 << 20;
    private const int Overlap = 64;

    /// <summary>Which of the secrets are there at all.</summary>
    public IReadOnlyList<string> Find(IReadOnlyDictionary<string, byte[]> secrets)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((string where, ReadOnlyMemory<byte> bytes) in Pieces())
        {
            found.UnionWith(secrets.Where(secret => bytes.Span.IndexOf(secret.Value) >= 0).Select(secret => $"{secret.Key} in {where}"));
        }

        return [.. found];
    }

    /// <summary>Looks for a private key as a thief would: tries whatever looks random.</summary>
    public byte[]? FindPrivateKey(HpkePublicKey publicKey)
    {
        foreach ((_, ReadOnlyMemory<byte> bytes) in Pieces())
        {
            for (int at = 0; at + HpkePrivateKey.Size <= bytes.Length; at += 8)
            {
                ReadOnlySpan<byte> candidate = bytes.Span.Slice(at, HpkePrivateKey.Size);
                if (LooksRandom(candidate) && PublicKeyOf(candidate).Equals(publicKey))
                {
                    return candidate.ToArray();
                }
            }
        }

        return null;
    }

    private static HpkePublicKey PublicKeyOf(ReadOnlySpan<byte> privateKey)
    {
        using var key = HpkePrivateKey.Import(privateKey);
        return key.PublicKey;
    }

    // 32 random bytes have 30 different values on average; fewer than 25 hardly ever.
    private static bool LooksRandom(ReadOnlySpan<byte> bytes)
    {
        Span<ulong> seen = stackalloc ulong[4];
        seen.Clear();
        foreach (byte value in bytes)
        {
            seen[value >> 6] |= 1UL << value;
        }

        return ulong.PopCount(seen[0]) + ulong.PopCount(seen[1]) + ulong.PopCount(seen[2]) + ulong.PopCount(seen[3]) >= 25;
    }

    private IEnumerable<(string Where, ReadOnlyMemory<byte> Bytes)> Pieces()
    {
        using FileStream memory = new($"/proc/{process}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        byte[] buffer = new byte[Piece + Overlap];
        foreach ((long start, long end, string name) in Mappings())
        {
            for (long at = start; at < end; at += Piece)
            {
                int length = (int)Math.Min(buffer.Length, end - at);
                if (TryRead(memory, at, buffer.AsSpan(0, length)))
                {
                    yield return (name, buffer.AsMemory(0, length));
                }
            }
        }
    }

    // proc_pid_maps(5): start-end, permissions, offset, device, inode, and what is mapped. What cannot be written and comes from a file is that file.
    private IEnumerable<(long Start, long End, string Name)> Mappings() =>
        from line in File.ReadAllLines($"/proc/{process}/maps")
        let fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries)
        let name = fields.Length > 5 ? fields[5] : "anonymous memory"
        where fields[1][1] == 'w' || (fields[1][0] == 'r' && fields[4] == "0" && name[..2] != "[v")
        let range = fields[0].Split('-')
        select (Hexadecimal(range[0]), Hexadecimal(range[1]), name);

    private static long Hexadecimal(string digits) => long.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static bool TryRead(FileStream memory, long at, Span<byte> bytes)
    {
        try
        {
            memory.Position = at;
            memory.ReadExactly(bytes);
            return true;
        }
        catch (IOException)
        {
            return false; // Unmapped meanwhile.
        }
    }
}
