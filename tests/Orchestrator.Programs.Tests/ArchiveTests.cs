using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Orchestrator.Crypto.IO;
using Orchestrator.Programs.Archives;

namespace Orchestrator.Programs.Tests;

/// <summary>One archive, one reading: whatever a second zip reader could see otherwise is refused.</summary>
public sealed class ArchiveTests(Models models)
{
    private static readonly byte[] Whole = TestArchive.OfForward("pass");

    [Fact]
    public void Verify_TheArchiveThatOthersAreMadeOf_IsAdmitted() => VerifiedProgram.Verify(Whole);

    [Theory]
    [InlineData("")]
    [InlineData("this is text")]
    [InlineData("PK\u0003\u0004 and then nothing")]
    public void Verify_ForeignFile_IsRefused(string content) => Refuse(Encoding.UTF8.GetBytes(content));

    [Fact]
    public void Verify_CutAnywhere_IsRefused()
    {
        for (var length = 0; length < Whole.Length; length++)
        {
            Refuse(Whole[..length]);
        }
    }

    [Fact]
    public void Verify_BytesAfterTheEnd_AreRefused() => Refuse([.. Whole, 0]);

    [Fact]
    public void Verify_BytesBeforeTheBeginning_AreRefused() => Refuse([0, .. Whole]);

    [Fact]
    public void Verify_ArchiveWithinAnArchivesComment_IsRefused() => Refuse([.. TestArchive.OfForward("x = torch.neg(x)"), .. Whole]);

    [Fact]
    public void Verify_RepackedByAnotherWriter_IsRefused()
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry("m/version").Open());
            writer.Write("3\n");
        }

        Refuse(stream.ToArray());
    }

    [Fact]
    public void Verify_TwoEntriesOfOneName_AreRefused() =>
        Refuse(TestArchive.Of(("data.pkl", TestArchive.NoValues), ("version", "3\n"u8.ToArray()), ("version", "3\n"u8.ToArray())));

    [Theory]
    [InlineData("../code/__torch__.py")]
    [InlineData("code/../__torch__.py")]
    [InlineData("/code/__torch__.py")]
    [InlineData("code//__torch__.py")]
    [InlineData("code\\__torch__.py")]
    [InlineData("code/__torch__/../../x.py")]
    [InlineData("code/other.py")]
    [InlineData("code/__torch__/a.b.py")]
    [InlineData("code/__torch__/1.py")]
    [InlineData("data/weights")]
    [InlineData("data/-1")]
    [InlineData("bytecode.pkl")]
    [InlineData("anything")]
    public void Verify_StrayRecord_IsRefused(string path) => Refuse(TestArchive.OfCode(Source, null, (path, [])));

    [Fact]
    public void Verify_EntryOutsideTheTopFolder_IsRefused()
    {
        var stream = new MemoryStream();
        Zip.Write(stream, [("m/data.pkl", TestArchive.NoValues), ("n/version", "3\n"u8.ToArray())]);
        Refuse(stream.ToArray());
    }

    [Theory]
    [InlineData("data.pkl")]
    [InlineData("constants.pkl")]
    [InlineData("version")]
    [InlineData("code/__torch__.py")]
    public void Verify_MissingRecord_IsRefused(string path)
    {
        (string Path, byte[] Data)[] records = [("data.pkl", TestArchive.NoValues), ("constants.pkl", TestArchive.Pickle(").")), ("code/__torch__.py", Encoding.ASCII.GetBytes(Source)), ("version", "3\n"u8.ToArray())];
        VerifiedProgram.Verify(TestArchive.Of(records));
        Refuse(TestArchive.Of([.. records.Where(record => record.Path != path)]));
    }

    [Theory]
    [InlineData("2\n")]
    [InlineData("11\n")]
    [InlineData("")]
    [InlineData("three")]
    [InlineData("-3")]
    [InlineData("3 ")]
    public void Verify_OtherVersion_IsRefused(string version) =>
        Refuse(TestArchive.Of(("data.pkl", TestArchive.NoValues), ("constants.pkl", TestArchive.Pickle(").")), ("code/__torch__.py", Encoding.ASCII.GetBytes(Source)), ("version", Encoding.ASCII.GetBytes(version))));

    [Fact]
    public void Verify_TwoVersions_AreRefused() => Refuse(TestArchive.OfCode(Source, null, (".data/version", "4\n"u8.ToArray())));

    [Fact]
    public void Verify_BigEndianNumbers_AreRefused() => Refuse(TestArchive.OfCode(Source, null, ("byteorder", "big"u8.ToArray())));

    [Fact]
    public void Verify_NotesOfNewerWriters_AreAdmittedAndLeftOut()
    {
        var program = VerifiedProgram.Verify(TestArchive.OfCode(
            Source, null, ("byteorder", "little"u8.ToArray()), (".data/serialization_id", "1"u8.ToArray()), ("extra/notes", "anything"u8.ToArray()), ("code/__torch__.py.debug_pkl", "cos\nsystem\n"u8.ToArray())));
        var written = Encoding.Latin1.GetString(TestArchive.Written(program));
        Assert.DoesNotContain("anything", written, StringComparison.Ordinal);
        Assert.DoesNotContain("debug_pkl", written, StringComparison.Ordinal);
        Assert.DoesNotContain("system", written, StringComparison.Ordinal);
    }

    /// <summary>Every byte of the zip's own structure counts: changed alone, in any place, it is refused.</summary>
    [Fact]
    public void Verify_AnyByteOfTheStructureChanged_IsRefused()
    {
        var data = Zip.Entries(Whole).SelectMany(entry => Enumerable.Range(entry.DataOffset, entry.PackedSize)).ToHashSet();
        for (var place = 0; place < Whole.Length; place++)
        {
            if (!data.Contains(place))
            {
                Refuse(Changed(Whole, place, bytes => (byte)(bytes ^ 0x40)));
            }
        }
    }

    [Fact]
    public void Verify_AnyByteOfTheDataChanged_IsRefusedByItsChecksum()
    {
        foreach (var entry in Zip.Entries(Whole))
        {
            Refuse(Changed(Whole, entry.DataOffset, value => (byte)(value ^ 1)));
        }
    }

    [Fact]
    public void Verify_EntriesThatOverlap_AreRefused()
    {
        var archive = Whole.ToArray();
        var end = ZipEnd.Read(archive);
        var second = end.DirectoryOffset + ZipEntry.CentralLength + Zip.Entries(archive)[0].Name.Length;
        BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(second + 42), 0);
        Refuse(archive);
    }

    [Fact]
    public void Verify_PackedCodeThatIsLongerThanItSays_IsRefused()
    {
        // PyTorch packs code: take such an entry and claim one byte less.
        var archive = models.Bytes("Mlp.script");
        var end = ZipEnd.Read(archive);
        var place = end.DirectoryOffset;
        foreach (var entry in Zip.Entries(archive))
        {
            if (entry.Deflated)
            {
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(place + 24), entry.Size - 1);
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(entry.DataOffset + entry.PackedSize + 12), entry.Size - 1);
            }

            place += ZipEntry.CentralLength + entry.Name.Length;
        }

        Refuse(archive);
    }

    [Fact]
    public void Verify_PackedCodeWithMoreThanItsChecksumCovers_IsRefused()
    {
        var archive = models.Bytes("Mlp.script");
        var place = ZipEnd.Read(archive).DirectoryOffset;
        foreach (var entry in Zip.Entries(archive))
        {
            if (entry.Deflated)
            {
                var shorter = Crc32.Of(Zip.Unpack(archive, entry).Span[..^1]);
                BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(place + 16), shorter);
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(place + 24), entry.Size - 1);
                BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(entry.DataOffset + entry.PackedSize + 4), shorter);
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(entry.DataOffset + entry.PackedSize + 12), entry.Size - 1);
            }

            place += ZipEntry.CentralLength + entry.Name.Length;
        }

        Assert.Contains("has more data at", TestArchive.AssertRefused(ProgramErrors.NotTorchScript, archive).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_BytesBetweenTheLastEntryAndTheDirectory_AreRefused()
    {
        var end = ZipEnd.Read(Whole);
        var records = new byte[ZipEnd.Length];
        new ZipEnd(end.Entries, end.DirectoryOffset + 3, end.DirectoryLength).Write(records);
        Refuse([.. Whole.AsSpan(0, end.DirectoryOffset), 1, 2, 3, .. Whole.AsSpan(end.DirectoryOffset, end.DirectoryLength), .. records]);
    }

    [Fact]
    public void Verify_ADirectoryThatIsLongerThanItsEntries_IsRefused()
    {
        var end = ZipEnd.Read(Whole);
        var records = new byte[ZipEnd.Length];
        new ZipEnd(end.Entries, end.DirectoryOffset, end.DirectoryLength + 3).Write(records);
        Refuse([.. Whole.AsSpan(0, end.DirectoryOffset + end.DirectoryLength), 1, 2, 3, .. records]);
    }

    [Fact]
    public void Verify_PackedCodeThatUnpacksToTooMuch_IsRefusedUnread()
    {
        var archive = models.Bytes("Mlp.script");
        var place = ZipEnd.Read(archive).DirectoryOffset;
        foreach (var entry in Zip.Entries(archive))
        {
            if (entry.Deflated)
            {
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(place + 24), ProgramLimits.MaxCodeBytes + 1);
                BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(entry.DataOffset + entry.PackedSize + 12), ProgramLimits.MaxCodeBytes + 1);
            }

            place += ZipEntry.CentralLength + entry.Name.Length;
        }

        TestArchive.AssertRefused(ProgramErrors.TooLarge, archive);
    }

    private const string Source = "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return x\n";

    private static byte[] Changed(byte[] archive, int place, Func<byte, byte> change)
    {
        var changed = archive.ToArray();
        changed[place] = change(changed[place]);
        return changed;
    }

    private static void Refuse(byte[] archive) => TestArchive.AssertRefused(ProgramErrors.NotTorchScript, archive);
}
