using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>Layers that no honest tool writes, each refused by name.</summary>
public sealed class HostileLayerTests
{
    private static readonly byte[] s_x = "x"u8.ToArray();

    /// <summary>Name of the trick, the code that it is refused with, and the archive.</summary>
    private static readonly Dictionary<string, (string Code, byte[] Archive)> s_tricks = new()
    {
        ["climbing"] = ("layer-path-escape", Tar(t => t.File("../../etc/passwd", "x"))),
        ["climbing in the middle"] = ("layer-path-escape", Tar(t => t.File("a/../b", "x"))),
        ["climbing from the root"] = ("layer-path-escape", Tar(t => t.File("/../etc/passwd", "x"))),
        ["climbing by a pax name"] = ("layer-path-escape", Tar(t => t.Pax(("path", "../x")).File("innocent"))),
        ["climbing by a long name"] = ("layer-path-escape", Tar(t => t.Entry("././@LongLink", 'L', "../x\0"u8.ToArray()).File("innocent"))),
        ["climbing whiteout"] = ("layer-whiteout", Tar(t => t.File(".wh..."))),
        ["whiteout of the folder itself"] = ("layer-whiteout", Tar(t => t.File("a/.wh.."))),
        ["whiteout of nothing"] = ("layer-whiteout", Tar(t => t.File(".wh."))),
        ["whiteout with content"] = ("layer-whiteout", Tar(t => t.File(".wh.a", "x"))),
        ["whiteout that is a link"] = ("layer-whiteout", Tar(t => t.Symlink(".wh.a", "/"))),
        ["whiteout that is a folder"] = ("layer-whiteout", Tar(t => t.Folder(".wh.a/"))),
        ["below a whiteout"] = ("layer-whiteout", Tar(t => t.File(".wh.a/b"))),
        ["unknown special whiteout"] = ("layer-whiteout", Tar(t => t.File(".wh..wh.plnk"))),
        ["opaque root"] = ("layer-whiteout", Tar(t => t.File(".wh..wh..opq"))),
        ["opaque root, from the root"] = ("layer-whiteout", Tar(t => t.File("/.wh..wh..opq"))),
        ["through a symbolic link"] = ("layer-path-through-link", Tar(t => t.Symlink("a", "/etc").File("a/passwd", "x"))),
        ["through a file"] = ("layer-path-through-link", Tar(t => t.File("a").File("a/b", "x"))),
        ["through a symbolic link, from the root"] = ("layer-path-through-link", Tar(t => t.Symlink("/a", "/etc").File("/a/passwd", "x"))),
        ["a folder through a symbolic link"] = ("layer-path-through-link", Tar(t => t.Symlink("a", "/etc").Folder("a/b/"))),
        ["block device"] = ("layer-device-node", Tar(t => t.Entry("sda", '4'))),
        ["character device"] = ("layer-device-node", Tar(t => t.Entry("mem", '3'))),
        ["whiteout in overlayfs's own form"] = ("layer-device-node", Tar(t => t.Entry("hidden", '3'))),
        ["hard link to nothing"] = ("layer-hard-link", Tar(t => t.Link("a", "b"))),
        ["hard link to itself"] = ("layer-hard-link", Tar(t => t.Link("a", "a"))),
        ["hard link forwards"] = ("layer-hard-link", Tar(t => t.Link("a", "b").File("b"))),
        ["hard link to a folder"] = ("layer-hard-link", Tar(t => t.Folder("b/").Link("a", "b"))),
        ["hard link to the root"] = ("layer-hard-link", Tar(t => t.Link("a", "."))),
        ["hard link out"] = ("layer-path-escape", Tar(t => t.Link("a", "../../etc/shadow"))),
        ["absolute hard link"] = ("layer-hard-link", Tar(t => t.Link("a", "/etc/shadow"))),
        ["absolute hard link out"] = ("layer-path-escape", Tar(t => t.Link("a", "/../etc/shadow"))),
        ["hard link through a symbolic link"] = ("layer-hard-link", Tar(t => t.Symlink("d", "/etc").Link("a", "d/shadow"))),
        ["hard link with content"] = ("layer-hard-link", Tar(t => t.File("b").Entry("a", '1', s_x, "b"))),
        ["a file twice"] = ("layer-duplicate-entry", Tar(t => t.File("a", "1").File("a", "2"))),
        ["a file twice, spelt otherwise"] = ("layer-duplicate-entry", Tar(t => t.File("a", "1").File("./a", "2"))),
        ["a file twice, once from the root"] = ("layer-duplicate-entry", Tar(t => t.File("a", "1").File("/a", "2"))),
        ["a folder twice, otherwise, once from the root"] = ("layer-duplicate-entry", Tar(t => t.Folder("a/").Folder("//a/", 0x1FF))),
        ["a whiteout twice, once from the root"] = ("layer-duplicate-entry", Tar(t => t.File(".wh.a").File("/.wh.a"))),
        ["a file, then a link"] = ("layer-duplicate-entry", Tar(t => t.File("a", "1").Symlink("a", "b"))),
        ["a file, then a folder"] = ("layer-duplicate-entry", Tar(t => t.File("a", "1").Folder("a/"))),
        ["a link, then a folder"] = ("layer-duplicate-entry", Tar(t => t.Symlink("a", "/etc").Folder("a/"))),
        ["a folder, then a file"] = ("layer-duplicate-entry", Tar(t => t.Folder("a/").File("a", "1"))),
        ["a folder twice, otherwise"] = ("layer-duplicate-entry", Tar(t => t.Folder("a/").Folder("a/", 0x1FF))),
        ["a whiteout twice"] = ("layer-duplicate-entry", Tar(t => t.File(".wh.a").File(".wh.a"))),
        ["opaque twice"] = ("layer-duplicate-entry", Tar(t => t.File("a/.wh..wh..opq").File("a/.wh..wh..opq"))),
        ["sparse, GNU's old form"] = ("layer-sparse", Tar(t => t.Entry("a", 'S', s_x))),
        ["sparse, pax 0.0"] = ("layer-sparse", Tar(t => t.Pax(("GNU.sparse.size", "9"), ("GNU.sparse.offset", "0"), ("GNU.sparse.numbytes", "1"), ("GNU.sparse.offset", "8"), ("GNU.sparse.numbytes", "1")).File("a"))),
        ["sparse, pax 1.0"] = ("layer-sparse", Tar(t => t.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "b")).File("a"))),
        ["sparse, star's form"] = ("layer-sparse", Tar(t => t.Pax(("SCHILY.realsize", "9")).File("a"))),
        ["unknown type"] = ("layer-entry-type", Tar(t => t.Entry("a", 'Z'))),
        ["multi-volume"] = ("layer-entry-type", Tar(t => t.Entry("a", 'M'))),
        ["folder with content"] = ("layer-entry-type", Tar(t => t.Entry("a/", '5', s_x))),
        ["symbolic link with content"] = ("layer-entry-type", Tar(t => t.Entry("a", '2', s_x, "b"))),
        ["file named like a folder"] = ("layer-entry-type", Tar(t => t.Entry("a/", '0', s_x))),
        ["root that is a link"] = ("layer-entry-type", Tar(t => t.Symlink("./", "/etc"))),
        ["no name"] = ("layer-name", Tar(t => t.File(""))),
        ["very long name"] = ("layer-name", Tar(t => t.Pax(("path", new string('a', 256))).File("a"))),
        ["very long path"] = ("layer-name", Tar(t => t.Pax(("path", string.Concat(Enumerable.Repeat("a/", 2100)) + "b")).File("a"))),
        ["zero byte in a name"] = ("layer-name", Tar(t => t.Pax(("path", "a\0b")).File("a"))),
        ["zero byte in a long name"] = ("layer-name", Tar(t => t.Entry("l", 'L', "a\0b"u8.ToArray()).File("a"))),
        ["symbolic link to nothing"] = ("layer-name", Tar(t => t.Symlink("a", ""))),
        ["symbolic link to far away"] = ("layer-name", Tar(t => t.Pax(("linkpath", new string('a', 5000))).Symlink("a", "b"))),
        ["overlayfs redirect"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.trusted.overlay.redirect", "/etc")).Folder("a/"))),
        ["overlayfs metacopy"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.trusted.overlay.metacopy", "")).File("a"))),
        ["overlayfs redirect for users"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.user.overlay.redirect", "/etc")).Folder("a/"))),
        ["unknown attribute"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.btrfs.compression", "x")).File("a"))),
        ["attribute in one archiver's way alone"] = ("layer-attribute", Tar(t => t.Pax(("LIBARCHIVE.xattr.security.capability", "AA")).File("a"))),
        ["access list in one archiver's way"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.acl.access", "user::rw-")).File("a"))),
        ["attributes of the root that do not fit beside it"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.user.a", new string('a', 3000))).Folder("./"))),
        ["very many attributes"] = ("layer-too-large", Repeat(300, (t, i) => t.Pax(("SCHILY.xattr.user.a", new string('a', 60_000))).File($"a{i}"))),
        ["very many folders in few names"] = ("layer-too-large", Repeat(300, (t, i) => t.Pax(("path", $"{i}" + string.Concat(Enumerable.Repeat("/a", 2000)))).File("a"))),
        ["too many attributes"] = ("layer-attribute", Tar(t => t.Pax(("SCHILY.xattr.user.a", new string('a', 40_000)), ("SCHILY.xattr.user.b", new string('b', 40_000))).File("a"))),
        ["wrong checksum"] = ("layer-malformed", Flip(Tar(t => t.File("a")), 0)),
        ["not an archive"] = ("layer-malformed", Encoding.ASCII.GetBytes(new string('#', 2048))),
        ["cut in a header"] = ("layer-malformed", Tar(t => t.File("a"))[..300]),
        ["cut in a content"] = ("layer-malformed", new TarBuilder().File("a", new string('x', 2000)).Unended()[..1024]),
        ["cut in the filling"] = ("layer-malformed", new TarBuilder().File("a", "x").Unended()[..600]),
        ["goes on behind its end"] = ("layer-malformed", [.. Tar(t => t.File("a")), .. Tar(t => t.File("b"))]),
        ["size in pax and header differ"] = ("layer-malformed", Tar(t => t.Pax(("size", "512")).Entry("a", '0', new byte[1024]))),
        ["negative size"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => TarBuilder.BinarySize(header, -512)))),
        ["absurd size"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => TarBuilder.BinarySize(header, long.MaxValue)))),
        ["absurd pax size"] = ("layer-malformed", Tar(t => t.Pax(("size", "9223372036854775807")).File("a"))),
        ["size beyond 64 bits"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => TarBuilder.BinarySize(header, 1, beyond: 1)))),
        ["size that is no number"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => header[130] = (byte)'9'))),
        ["permissions that are no number"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => header[104] = (byte)'9'))),
        ["size with something behind"] = ("layer-malformed", Tar(t => t.Entry("a", '0', spoil: header => "\01"u8.CopyTo(header.AsSpan(130))))),
        ["owner beyond 32 bits"] = ("layer-malformed", Tar(t => t.Pax(("uid", "4294967296")).File("a"))),
        ["owner that is nobody's number"] = ("layer-malformed", Tar(t => t.Pax(("gid", "-1")).File("a"))),
        ["pax record too long"] = ("layer-malformed", Tar(t => t.Entry("p", 'x', "99 path=a\n"u8.ToArray()).File("a"))),
        ["pax record without end"] = ("layer-malformed", Tar(t => t.Entry("p", 'x', "10 path=ab"u8.ToArray()).File("a"))),
        ["pax record with a negative length"] = ("layer-malformed", Tar(t => t.Entry("p", 'x', "-9 path=a\n"u8.ToArray()).File("a"))),
        ["pax record without key"] = ("layer-malformed", Tar(t => t.Entry("p", 'x', "6 =ab\n"u8.ToArray()).File("a"))),
        ["pax key twice"] = ("layer-malformed", Tar(t => t.Pax(("path", "a"), ("path", "b")).File("c"))),
        ["pax header for all entries"] = ("layer-malformed", Tar(t => t.Entry("g", 'g', TarBuilder.Record("path", "../x")).File("a"))),
        ["two pax headers"] = ("layer-malformed", Tar(t => t.Pax(("path", "a")).Pax(("uid", "1")).File("c"))),
        ["two kinds of long names"] = ("layer-malformed", Tar(t => t.Pax(("path", "a")).Entry("l", 'L', "b\0"u8.ToArray()).File("c"))),
        ["a header for nothing"] = ("layer-malformed", Tar(t => t.Pax(("path", "a")))),
        ["a very long header"] = ("layer-malformed", Tar(t => t.Pax(("comment", new string('c', 2 << 20))).File("a"))),
        ["time that is none"] = ("layer-malformed", Tar(t => t.Pax(("mtime", "1.2.3")).File("a"))),
        ["names in another character set"] = ("layer-malformed", Tar(t => t.Pax(("hdrcharset", "KOI8-R"), ("path", "a")).File("a"))),
    };

    public static TheoryData<string> Tricks => [.. s_tricks.Keys];

    [Theory]
    [MemberData(nameof(Tricks))]
    public void Is_refused_by_name_and_leaves_nothing(string trick)
    {
        using var folder = new TempFolder();
        (string code, byte[] archive) = s_tricks[trick];

        var exception = Assert.Throws<OrchestratorException>(() => LayerImageWriter.Write(new MemoryStream(archive), folder.Path));

        Assert.Equal(code, exception.Code.Id);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    private static byte[] Tar(Func<TarBuilder, TarBuilder> build) => build(new TarBuilder()).Build();

    private static byte[] Repeat(int count, Action<TarBuilder, int> build) => Tar(t =>
    {
        for (int i = 0; i < count; i++)
        {
            build(t, i);
        }

        return t;
    });

    private static byte[] Flip(byte[] archive, int offset)
    {
        archive[offset] ^= 1;
        return archive;
    }
}
