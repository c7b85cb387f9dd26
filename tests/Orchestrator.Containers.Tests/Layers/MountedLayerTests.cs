using System.Globalization;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>Layer images as other programs see them: the kernel, fsck.erofs, veritysetup. The reference is what GNU tar unpacks.</summary>
public sealed class MountedLayerTests
{
    private const string List = "find . -printf '%P|%y|%m|%U|%G|%T@|%l|%n\\n' | sort; find . -type f -printf '%s %P\\n' | sort; find . -type f -exec sha256sum {} + | sort; " + ListAttributes;
    private const string ListAttributes = "python3 -c 'import os\nfor f,_,n in sorted(os.walk(b\".\")):\n for m in sorted(n):\n  p=os.path.join(f,m)\n  for a in sorted(os.listxattr(p,follow_symlinks=False)): print(p,a,os.getxattr(p,a,follow_symlinks=False).hex())'";

    [Theory]
    [InlineData("pax")]
    [InlineData("gnu")]
    [InlineData("gnu", "--absolute-names", "--transform=s,^[.],/,S")]
    public void The_kernel_reads_what_the_archive_holds(string format, params string[] names)
    {
        Assert.SkipUnless(Tool.IsRoot, "mounting needs root");
        using var folder = new TempFolder();
        string tree = MakeTree(folder["tree"]);
        string[] attributes = format == "pax" ? ["--xattrs", "--xattrs-include=*"] : [];
        Tool.Run("tar", ["-C", tree, .. attributes, .. names, "--format", format, "--numeric-owner", "-cf", folder["layer.tar"], "."]);
        LayerImage layer = Build(folder, "layer.tar");

        string unpacked = Shell(folder, $"mkdir u && tar -C u --xattrs --xattrs-include='*' --numeric-owner -xpf layer.tar && cd u && {List}");
        string mounted = Shell(folder, $"mkdir m && mount -t erofs -o loop,ro '{layer.Path}' m && cd m && {List}");

        Assert.Equal(unpacked, mounted);
        Assert.Contains("big|f|", mounted, StringComparison.Ordinal);
        if (format == "pax")
        {
            Assert.Contains("security.capability", mounted, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Fsck_finds_nothing_wrong()
    {
        using var folder = new TempFolder();
        Tool.Run("tar", "-C", MakeTree(folder["tree"]), "-cf", folder["layer.tar"], ".");

        Tool.Run("fsck.erofs", "--extract", Build(folder, "layer.tar").Path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_400)]
    public void Veritysetup_computes_the_same_root_and_accepts_the_file(int blocks)
    {
        using var folder = new TempFolder();
        byte[] content = new byte[blocks * 4096];
        new Random(blocks).NextBytes(content);
        folder.Write("layer.tar", new TarBuilder().Entry("a", '0', content).Build());
        LayerImage layer = Build(folder, "layer.tar");
        long dataBlocks = blocks + 3L;
        Tool.Run("truncate", "-r", layer.Path, folder["copy"]);
        Tool.Run("dd", $"if={layer.Path}", $"of={folder["copy"]}", "bs=4096", $"count={dataBlocks}", "conv=notrunc", "status=none");

        string output = Tool.Run(
            "veritysetup", "format", folder["copy"], folder["tree"], "--salt=" + new string('0', 64), $"--data-blocks={dataBlocks}");

        Assert.Contains($"Root hash:      \t{layer.RootHash}", output, StringComparison.Ordinal);
        Tool.Run("veritysetup", "verify", layer.Path, layer.Path, layer.RootHash.ToString(), $"--hash-offset={dataBlocks * 4096}");
    }

    [Fact]
    public void Stacked_by_the_kernel_whiteouts_hide_and_opaque_folders_replace()
    {
        Assert.SkipUnless(Tool.IsRoot, "mounting needs root");
        using var folder = new TempFolder();
        folder.Write("lower.tar", new TarBuilder()
            .Folder("gone/").File("gone/a").File("kept", "below").File("hidden", "below").Folder("opaque/").File("opaque/below")
            .Folder("replaced/").File("replaced/below").Folder("merged/").File("merged/below").File("turned", "file").Build());
        folder.Write("upper.tar", new TarBuilder()
            .File(".wh.gone").File("/.wh.hidden").File("opaque/above").File("/opaque/.wh..wh..opq").File(".wh.replaced").File("replaced/above")
            .File("merged/above").File("opaque/.wh.below").File("turned/above").File(".wh.never").Build());
        LayerImage lower = Build(folder, "lower.tar");
        LayerImage upper = Build(folder, "upper.tar");

        string stacked = Shell(folder, $"mkdir l u o && mount -t erofs -o loop,ro '{lower.Path}' l && mount -t erofs -o loop,ro '{upper.Path}' u"
            + " && mount -t overlay overlay -o lowerdir=u:l o && cd o && find . | sort");

        Assert.Equal(
            [".", "./kept", "./merged", "./merged/above", "./merged/below", "./opaque", "./opaque/above", "./replaced", "./replaced/above", "./turned", "./turned/above"],
            stacked.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static LayerImage Build(TempFolder folder, string archive)
    {
        using FileStream tar = File.OpenRead(folder[archive]);
        return LayerImageWriter.Write(tar, folder.Path).Image;
    }

    private static string Shell(TempFolder folder, string script) =>
        Tool.Run("unshare", "-m", "--propagation", "private", "sh", "-ec", $"cd '{folder.Path}'\n{script}");

    /// <summary>A tree with what real ones have: sizes around blocks, long names, links, pipes, attributes, odd times and owners.</summary>
    private static string MakeTree(string path)
    {
        Directory.CreateDirectory(Path.Combine(path, "many"));
        foreach (int size in (int[])[0, 1, 100, 4031, 4032, 4033, 4095, 4096, 4097, 8128, 8191, 8193])
        {
            File.WriteAllBytes(Path.Combine(path, size.ToString(CultureInfo.InvariantCulture)), Bytes(size));
        }

        for (int i = 0; i < 500; i++)
        {
            File.WriteAllBytes(Path.Combine(path, "many", $"file number {i} {new string('n', i % 200)}"), Bytes(i % 50));
        }

        File.WriteAllBytes(Path.Combine(path, "big"), Bytes(3_000_001));
        string deep = path;
        for (int i = 0; i < 12; i++)
        {
            deep = Path.Combine(deep, $"deep-{i}-{new string('d', 60)}");
        }

        Directory.CreateDirectory(deep);
        Tool.Run("sh", "-ec", $"""
            cd '{path}'
            echo x > '{deep}/file'
            ln 100 second; ln 100 many/third
            ln -s /etc/passwd absolute; ln -s ../../../.. climbing; ln -s '{new string('t', 300)}' long-target
            mkfifo pipe
            mkdir empty; chmod 1777 empty
            chmod 4755 4096; chmod 0 1
            touch -d '1960-02-03 04:05:06' 4097; touch -d '2038-01-19 03:14:08' 8191
            printf 'caf\351' > "$(printf 'caf\351')"
            test "$(id -u)" != 0 || chown 1000:3000000 8193
            test "$(id -u)" != 0 || python3 -c 'import os; os.setxattr("4031", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
            """);
        return path;
    }

    private static byte[] Bytes(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }
}
