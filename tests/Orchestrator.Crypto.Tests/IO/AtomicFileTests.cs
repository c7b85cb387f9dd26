using System.Diagnostics;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.IO;

public class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("atomic-file-").FullName;

    private string Target => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Commit_NewFile_IsTheOnlyOneInTheFolder()
    {
        AtomicFile.WriteAllBytes(Target, [1, 2, 3]);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Commit_OverAnOldFile_ReplacesIt()
    {
        File.WriteAllText(Target, "a longer old content");
        AtomicFile.WriteAllBytes(Target, "new"u8);
        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void Dispose_WithoutCommit_LeavesTheOldFileAndNothingElse()
    {
        File.WriteAllText(Target, "old");
        using (AtomicFile file = AtomicFile.Create(Target))
        {
            file.Stream.Write(new byte[100_000]);
        }

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Target_BeforeCommit_DoesNotExist()
    {
        using AtomicFile file = AtomicFile.Create(Target);
        file.Stream.Write([1]);
        Assert.False(File.Exists(Target));
        file.Commit();
        Assert.True(File.Exists(Target));
    }

    [Fact]
    public void Create_InPlaceOfAPipe_LeavesThePipe()
    {
        using var make = Process.Start("mkfifo", [Target]);
        make.WaitForExit();
        RefusedAs(StorageErrors.WrongKind);
        Assert.Equal("fifo", Output("stat", "-c", "%F", Target).Trim());
    }

    [Fact]
    public void Create_InPlaceOfALinkToADevice_LeavesTheLink()
    {
        File.CreateSymbolicLink(Target, "/dev/null");
        RefusedAs(StorageErrors.WrongKind);
        Assert.Equal("/dev/null", new FileInfo(Target).LinkTarget);
    }

    [Fact]
    public void Create_InPlaceOfAFolder_IsRefused()
    {
        Directory.CreateDirectory(Target);
        RefusedAs(StorageErrors.WrongKind);
    }

    [Fact]
    public void Create_InAMissingFolder_SaysThatItIsTheFolder() => Assert.Contains(
        "folder", Assert.Throws<OrchestratorException>(() => AtomicFile.Create(Path.Combine(Target, "file"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Create_ForTheOwnerOnly_HasThatMode()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("no Unix modes");
        }
        else
        {
            AtomicFile.WriteAllBytes(Target, [1], UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Target));
        }
    }

    [Fact]
    public void Create_InAMissingFolder_IsMissing() =>
        ErrorAssert.Throws(StorageErrors.Missing, () => AtomicFile.Create(Path.Combine(_folder, "no", "file")));

    [Fact]
    public void Commit_OverAFolder_IsRefusedAndLeavesNothing()
    {
        Directory.CreateDirectory(Target);
        Assert.Throws<OrchestratorException>(() => AtomicFile.WriteAllBytes(Target, [1]));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void StorageError_OfAFullDevice_IsFull()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Skip("no /dev/full");
        }

        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var error = Assert.ThrowsAny<IOException>(() => full.Write([1]));
        OrchestratorException translated = StorageErrors.From(error, "x.itx");
        Assert.Equal((StorageErrors.Full, ErrorClass.Storage), (translated.Code, translated.Code.Class));
    }

    [Fact]
    public void Write_ToAFullDisk_IsFullAndLeavesNothing()
    {
        if (!OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", _folder) != 0)
        {
            Assert.Skip("this user may not mount a small disk");
        }

        try
        {
            ErrorAssert.Throws(StorageErrors.Full, () => AtomicFile.WriteAllBytes(Target, new byte[1 << 20]));
            Assert.Empty(Directory.GetFileSystemEntries(_folder));
        }
        finally
        {
            Assert.Equal(0, Run("umount", _folder));
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private void RefusedAs(ErrorCode code)
    {
        Assert.Equal(code.Id, Assert.Throws<OrchestratorException>(() => AtomicFile.WriteAllBytes(Target, [1])).Code.Id);
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    private static string Output(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd();
    }
}
