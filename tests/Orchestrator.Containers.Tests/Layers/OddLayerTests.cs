using System.Text;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>Archives that are unusual and mean one thing only: they are read. What is in them is listed by fsck.erofs.</summary>
public sealed class OddLayerTests
{
    private static readonly Dictionary<string, (string Names, byte[] Archive)> s_archives = new()
    {
        ["nothing"] = ("", []),
        ["an end and nothing before it"] = ("", new TarBuilder().Build()),
        ["no end"] = ("a", new TarBuilder().File("a").Unended()),
        ["half an end"] = ("a", [.. new TarBuilder().File("a").Unended(), .. new byte[512]]),
        ["a long end"] = ("a", [.. new TarBuilder().File("a").Build(), .. new byte[9216]]),
        ["dots, slashes and dots"] = ("a a/b a/b/c", new TarBuilder().Folder("./").Folder("./a/").Folder("a//b/./").File("././a/b//c").Build()),
        ["a root named by a slash, as some builders do"] = ("a", new TarBuilder().Folder("/").File("a").Build()),
        ["names from the root, as some builders write them"] = ("a a/b a/c", new TarBuilder().Folder("/a/").File("//a/b").Link("/./a/c", "/a/b").Build()),
        ["a folder twice in the same way"] = ("a", new TarBuilder().Folder("a/").Folder("./a").Build()),
        ["a folder after what is in it"] = ("a a/b", new TarBuilder().File("a/b").Folder("a/").Build()),
        ["a folder as archives once wrote it"] = ("a", new TarBuilder().Entry("a/", '\0', spoil: header => header.AsSpan(257, 8).Clear()).Build()),
        ["a comment for all entries, as git writes it"] = ("a", new TarBuilder().Entry("pax_global_header", 'g', TarBuilder.Record("comment", "0123")).File("a").Build()),
        ["a size in binary"] = ("a", new TarBuilder().Entry("a", '0', "x"u8.ToArray(), spoil: header => TarBuilder.BinarySize(header, 1)).Build()),
        ["a size in pax alone"] = ("a", new TarBuilder().Pax(("size", "1")).Entry("a", '0', "x"u8.ToArray(), size: 0).Build()),
        ["numbers with spaces"] = ("a", new TarBuilder().Entry("a", '0', spoil: header => Encoding.ASCII.GetBytes("   644 \0").CopyTo(header, 100)).Build()),
        ["a name in two fields"] = ("folder folder/a", new TarBuilder().Entry("a", '0', spoil: header => "folder"u8.CopyTo(header.AsSpan(345))).Build()),
        ["a hard link to a symbolic link"] = ("a b", new TarBuilder().Symlink("a", "x").Link("b", "./a").Build()),
        ["links that lead out, which only the container follows"] = ("a b", new TarBuilder().Symlink("a", "../../../etc/passwd").Symlink("b", "/etc/passwd").Build()),
        ["a record that nothing depends on"] = ("a", new TarBuilder().Pax(("SCHILY.fflags", "x"), ("atime", "1.5"), ("VENDOR.key", "")).File("a").Build()),
        ["an attribute in two archivers' ways"] = ("a", new TarBuilder().Pax(("SCHILY.xattr.user.a", "v"), ("LIBARCHIVE.xattr.user.a", "dg")).File("a").Build()),
        ["a whiteout beside what it names"] = ("a", new TarBuilder().File(".wh.a").File("a", "new").Build()),
        ["names that are not text"] = ("é", new TarBuilder().Pax(("path", "\u00c3\u00a9")).File("x").Build()),
    };

    public static TheoryData<string> Archives => [.. s_archives.Keys];

    [Theory]
    [MemberData(nameof(Archives))]
    public void Is_read(string archive)
    {
        using var folder = new TempFolder();
        (string names, byte[] bytes) = s_archives[archive];

        LayerImage layer = LayerImageWriter.Write(new MemoryStream(bytes), folder.Path).Image;

        Tool.Run("fsck.erofs", "--extract=" + folder["x"], layer.Path);
        Assert.Equal(names, string.Join(' ', Tool.Run("find", folder["x"], "-mindepth", "1", "-printf", "%P\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)));
    }
}
