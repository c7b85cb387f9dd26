using System.Security.Cryptography;

namespace Orchestrator.Bench;

/// <summary>A folder for large files, in memory where there is room, so that no disk is measured. Removed when disposed.</summary>
internal sealed class Scratch : IDisposable
{
    private const string MemoryFolder = "/dev/shm";

    private readonly string _folder;

    /// <summary>Creates the folder.</summary>
    /// <param name="bytes">What will be in it.</param>
    public Scratch(long bytes)
    {
        bool memory = Directory.Exists(MemoryFolder) && new DriveInfo(MemoryFolder).AvailableFreeSpace > bytes;
        string parent = memory ? MemoryFolder : Path.GetTempPath();
        _folder = Path.Combine(parent, $"orchestrator-bench-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        Directory.CreateDirectory(_folder);
    }

    public string this[string name] => Path.Combine(_folder, name);

    /// <summary>Makes a file of random bytes.</summary>
    public string Random(string name, long length)
    {
        using FileStream file = File.Create(this[name], bufferSize: 0);
        byte[] piece = new byte[1 << 20];
        for (long done = 0; done < length; done += piece.Length)
        {
            RandomNumberGenerator.Fill(piece);
            file.Write(piece, 0, (int)Math.Min(piece.Length, length - done));
        }

        return file.Name;
    }

    /// <summary>Makes a file of zeros that takes no room.</summary>
    public string Sparse(string name, long length)
    {
        using FileStream file = File.Create(this[name]);
        file.SetLength(length);
        return file.Name;
    }

    /// <summary>Removes a file that is about to be written anew, and sees to it that the machine has the memory for it.</summary>
    /// <remarks>A virtual machine may give free pages back to its host at once. Getting a gigabyte of them again takes up to three seconds.</remarks>
    public void MakeRoom(string name, long length)
    {
        File.Delete(this[name]);
        using FileStream room = File.Create(this[name], bufferSize: 0, FileOptions.DeleteOnClose);
        byte[] piece = new byte[1 << 20];
        for (long done = 0; done < length; done += piece.Length)
        {
            room.Write(piece);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
