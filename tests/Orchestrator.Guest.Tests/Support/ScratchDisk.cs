namespace Orchestrator.Guest.Tests.Support;

/// <summary>A machine's scratch as its host has it. The file has no name; whoever runs the machine can read and write it all the same.</summary>
internal static class ScratchDisk
{
    private const int Block = 4096;

    /// <summary>All of it.</summary>
    public static byte[] Read(int machineProcess)
    {
        using FileStream file = Open(machineProcess, FileAccess.Read);
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    /// <summary>Writes anything over the middle of the first 64 MiB, where the data are: file systems keep their own at the ends, and those stay in memory.</summary>
    public static void WriteOver(int machineProcess)
    {
        using FileStream file = Open(machineProcess, FileAccess.ReadWrite);
        byte[] piece = new byte[1 << 20];
        new Random(1).NextBytes(piece);
        for (long at = 8 << 20; at < 56 << 20; at += piece.Length)
        {
            file.Position = at;
            file.Write(piece);
        }
    }

    /// <summary>Puts blocks back as they were.</summary>
    /// <param name="machineProcess">QEMU's.</param>
    /// <param name="older">How they were.</param>
    /// <param name="newer">How they are.</param>
    /// <param name="chosen">Whether to put a block back of which so many bytes differ.</param>
    /// <returns>How many were put back.</returns>
    public static int SetBack(int machineProcess, byte[] older, byte[] newer, Func<int, bool> chosen)
    {
        using FileStream file = Open(machineProcess, FileAccess.ReadWrite);
        int count = 0;
        for (int at = 0; at < older.Length; at += Block)
        {
            ReadOnlySpan<byte> before = older.AsSpan(at, Block);
            int changed = 0;
            for (int i = 0; i < Block; i++)
            {
                changed += before[i] == newer[at + i] ? 0 : 1;
            }

            if (chosen(changed))
            {
                file.Position = at;
                file.Write(before);
                count++;
            }
        }

        return count;
    }

    private static FileStream Open(int machineProcess, FileAccess access)
    {
        string path = Directory.EnumerateFiles($"/proc/{machineProcess}/fd").First(path =>
            new FileInfo(path).LinkTarget is { } target && target.EndsWith("(deleted)", StringComparison.Ordinal) && target.StartsWith(Path.GetTempPath(), StringComparison.Ordinal));
        return File.Open(path, FileMode.Open, access, FileShare.ReadWrite);
    }
}
