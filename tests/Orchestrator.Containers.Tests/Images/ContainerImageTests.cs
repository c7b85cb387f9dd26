using System.Formats.Tar;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Images;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Tests.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Images;

/// <summary>Images as other tools write them: one image in many forms, with the same layers in all of them.</summary>
public sealed class ContainerImageTests
{
    [Fact]
    public void Every_form_that_skopeo_writes_has_the_same_layers()
    {
        using var folder = new TempFolder();
        string layout = MakeWithUmoci(folder);
        string[] roots = Roots(folder, layout, "two");
        foreach ((string form, string target, string[] options) in ((string, string, string[])[])[
            ("oci-archive", $"oci-archive:{folder["a.tar"]}:two", []),
            ("docker-archive", $"docker-archive:{folder["d.tar"]}:example/two:1", []),
            ("zstd", $"oci:{folder["z"]}:two", ["--dest-compress-format", "zstd"]),
            ("docker's types", $"oci:{folder["s"]}:two", ["--format", "oci", "--dest-compress-format", "gzip"])])
        {
            Tool.Run("skopeo", ["copy", "-q", "--insecure-policy", .. options, $"oci:{layout}:two", target]);

            Assert.True(roots.SequenceEqual(Roots(folder, target.Split(':')[1], null)), form);
        }

        Tool.Run("gzip", "-k", folder["d.tar"]);
        Tool.Run("zstd", "-q", folder["a.tar"]);
        Assert.Equal(roots, Roots(folder, folder["d.tar.gz"], "two:1"));
        Assert.Equal(roots, Roots(folder, folder["a.tar.zst"], "two"));
        Assert.Equal(2, roots.Length);
    }

    [Fact]
    public void What_the_image_says_is_read()
    {
        using var folder = new TempFolder();
        using ContainerImage image = ContainerImage.Open(MakeWithUmoci(folder), "two");

        Assert.Equal(["/bin/busybox"], image.Configuration.Entrypoint);
        Assert.Equal(["echo", "hello there"], image.Configuration.Command);
        Assert.Equal(["A=1", "B=x=y"], image.Configuration.Environment);
        Assert.Equal("/srv", image.Configuration.WorkingDirectory);
        Assert.Equal("runner", image.Configuration.User);
        Assert.Equal(["two"], image.Names);
        Assert.All(image.Layers, layer => Assert.Equal("gzip", layer.Packing));
    }

    [Fact]
    public void One_of_several_images_is_chosen_by_name_and_machine()
    {
        using var folder = new TempFolder();
        var builder = new LayoutBuilder(folder);
        var config = LayoutBuilder.Config(LayoutBuilder.SmallLayer);
        var layer = builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType);
        var ours = builder.Blob(builder.Manifest(config, layer), LayoutBuilder.ManifestType);
        ours["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" };
        config["architecture"] = "arm64";
        var other = builder.Blob(builder.Manifest(config, layer.DeepClone().AsObject()), LayoutBuilder.ManifestType);
        other["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "arm64" };
        var index = builder.Blob(LayoutBuilder.Index(other, ours), LayoutBuilder.IndexType);
        index["annotations"] = new JsonObject { ["io.containerd.image.name"] = "docker.io/library/small:1" };
        builder.Begin(LayoutBuilder.Index(index));

        foreach (string? reference in (string?[])[null, "small:1", "1", "library/small:1"])
        {
            using ContainerImage image = ContainerImage.Open(builder.Path, reference);
            Assert.Equal(ours["digest"]!.GetValue<string>(), "sha256:" + image.Digest);
        }

        Assert.Equal("image-not-found", Assert.Throws<OrchestratorException>(() => ContainerImage.Open(builder.Path, "all:1")).Code.Id);
    }

    /// <summary>Indexes name more than images: what builders state about them, artifacts, documents of later versions of the format.</summary>
    [Fact]
    public void What_else_an_index_names_is_passed_over()
    {
        using var folder = new TempFolder();
        var builder = new LayoutBuilder(folder);
        JsonObject ours = builder.Blob(builder.Manifest(LayoutBuilder.Config(LayoutBuilder.SmallLayer), builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType)), LayoutBuilder.ManifestType);
        JsonObject Absent(string type, string digest, string? machine = null, string? artifact = null) => new()
        {
            ["mediaType"] = type,
            ["digest"] = digest,
            ["size"] = 100,
            ["platform"] = machine is null ? null : new JsonObject { ["os"] = machine, ["architecture"] = machine },
            ["artifactType"] = artifact,
        };
        string digest = "sha256:" + new string('0', 64);
        builder.Begin(LayoutBuilder.Index(
            Absent("application/vnd.oci.artifact.manifest.v1+json", digest),
            Absent("application/vnd.example.later+json", "blake3:00"),
            Absent(LayoutBuilder.ManifestType, "sha512:" + new string('0', 128), "s390x"),
            Absent(LayoutBuilder.ManifestType, digest, "unknown"),
            Absent(LayoutBuilder.ManifestType, digest, artifact: "application/vnd.example.sbom"),
            ours));

        using ContainerImage image = ContainerImage.Open(builder.Path);

        Assert.Equal(ours["digest"]!.GetValue<string>(), "sha256:" + image.Digest);
    }

    [Fact]
    public void One_of_several_images_without_names_is_chosen_by_its_digest()
    {
        using var folder = new TempFolder();
        var builder = new LayoutBuilder(folder);
        JsonObject layer = builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType);
        JsonObject[] images = [.. Enumerable.Range(0, 2).Select(number =>
        {
            JsonObject config = LayoutBuilder.Config(LayoutBuilder.SmallLayer);
            config["author"] = number;
            return builder.Blob(builder.Manifest(config, layer.DeepClone().AsObject()), LayoutBuilder.ManifestType);
        })];
        builder.Begin(LayoutBuilder.Index(images));

        string second = images[1]["digest"]!.GetValue<string>();
        Assert.Contains(second, Assert.Throws<OrchestratorException>(() => ContainerImage.Open(builder.Path)).Message, StringComparison.Ordinal);
        using ContainerImage image = ContainerImage.Open(builder.Path, second);
        Assert.Equal(second, "sha256:" + image.Digest);
        Assert.Empty(image.Names);
    }

    [Fact]
    public void Zstd_may_begin_with_a_frame_to_skip()
    {
        using var folder = new TempFolder();
        string config = LayoutBuilder.Config(LayoutBuilder.SmallLayer).ToJsonString();
        Tool.Run("zstd", "-q", folder.Write("layer", LayoutBuilder.SmallLayer), "-o", folder["layer.zst"]);
        byte[] layer = [0x52, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3, .. File.ReadAllBytes(folder["layer.zst"])];
        folder.Write("image.tar", new TarBuilder()
            .File("manifest.json", """[{"Config":"config.json","RepoTags":null,"Layers":["layer.tar"]}]""")
            .File("config.json", config).Entry("layer.tar", '0', layer).Build());
        Directory.CreateDirectory(folder["out"]);

        using ContainerImage image = ContainerImage.Open(folder["image.tar"]);

        Assert.Equal("zstd", Assert.Single(image.Layers).Packing);
        image.BuildLayer(0, folder["out"]);
    }

    [Fact]
    public void An_image_under_two_names_is_one_image()
    {
        using var folder = new TempFolder();
        string layout = MakeWithUmoci(folder);
        Tool.Run("umoci", "tag", "--image", $"{layout}:two", "second");
        Tool.Run("umoci", "rm", "--image", $"{layout}:one");

        foreach (string? reference in (string?[])[null, "two", "second"])
        {
            using ContainerImage image = ContainerImage.Open(layout, reference);
            Assert.Equal(["second", "two"], image.Names.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("../outside.tar", null)]
    [InlineData("/etc/passwd", null)]
    [InlineData("loop.tar", null)]
    [InlineData("absolute.tar", null)]
    [InlineData("layers/climbing.tar", null)]
    [InlineData("linked.tar", "ok")]
    [InlineData("layers/up.tar", "ok")]
    [InlineData("hard.tar", "ok")]
    public void Names_in_a_docker_archive_stay_in_the_archive(string layer, string? outcome)
    {
        using var folder = new TempFolder();
        folder.Write("outside.tar", LayoutBuilder.SmallLayer);
        string config = LayoutBuilder.Config(LayoutBuilder.SmallLayer).ToJsonString();
        folder.Write("image.tar", new TarBuilder()
            .File("manifest.json", $$"""[{"Config":"config.json","RepoTags":["a:1"],"Layers":["{{layer}}"]}]""")
            .File("config.json", config)
            .Symlink("loop.tar", "loop.tar").Symlink("linked.tar", "layers/real.tar").Symlink("layers/up.tar", "../layers/real.tar")
            .Symlink("outside.tar", "../outside.tar").Symlink("absolute.tar", "/layers/real.tar").Symlink("layers/climbing.tar", "../../layers/real.tar")
            .Entry("/layers/real.tar", '0', LayoutBuilder.SmallLayer).Link("/hard.tar", "/layers/real.tar").Build());

        if (outcome is null)
        {
            Assert.Equal("image-blob-missing", Assert.Throws<OrchestratorException>(() => Roots(folder, folder["image.tar"], null)).Code.Id);
        }
        else
        {
            Assert.Single(Roots(folder, folder["image.tar"], null));
        }
    }

    /// <summary>Builders that keep blobs by their digests write layouts of links to them.</summary>
    [Fact]
    public void A_layouts_blobs_may_be_links()
    {
        using var folder = new TempFolder();
        LayoutBuilder builder = new LayoutBuilder(folder).Small();
        string[] roots = Roots(folder, builder.Path, null);
        Tool.Run("sh", "-ec", $"cd '{builder.Path}'; mv blobs/sha256 ../store; mkdir blobs/sha256; cd blobs/sha256; for blob in ../../../store/*; do ln -s $blob; done");

        Assert.Equal(roots, Roots(folder, builder.Path, null));
    }

    [Fact]
    public void A_docker_archive_with_a_file_twice_is_ambiguous_and_refused()
    {
        using var folder = new TempFolder();
        folder.Write("image.tar", new TarBuilder().File("manifest.json", "[]").File("manifest.json", "[]").Build());

        Assert.Equal("image-archive", Assert.Throws<OrchestratorException>(() => ContainerImage.Open(folder["image.tar"])).Code.Id);
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.V7)]
    public void The_class_librarys_archives_are_read(TarEntryFormat format)
    {
        using var folder = new TempFolder();
        string name = format is TarEntryFormat.V7 ? "short" : "a/" + string.Join('/', Enumerable.Repeat("component", 12)) + "/file";
        using (FileStream file = File.Create(folder["layer.tar"]))
        using (var writer = new TarWriter(file, format))
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name),
                TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                _ => new V7TarEntry(TarEntryType.V7RegularFile, name),
            };
            entry.DataStream = new MemoryStream("content"u8.ToArray());
            entry.ModificationTime = DateTimeOffset.UnixEpoch;
            writer.WriteEntry(entry);
        }

        using FileStream tar = File.OpenRead(folder["layer.tar"]);
        LayerImage layer = LayerImageWriter.Write(tar, folder.Path).Image;

        Tool.Run("fsck.erofs", "--extract=" + folder["x"], layer.Path);
        Assert.Equal("content", File.ReadAllText(Path.Combine(folder["x"], name)));
    }

    private static string[] Roots(TempFolder folder, string path, string? reference)
    {
        Directory.CreateDirectory(folder["out"]);
        using ContainerImage image = ContainerImage.Open(path, reference);
        return [.. Enumerable.Range(0, image.Layers.Length).Select(index => image.BuildLayer(index, folder["out"]).Image.RootHash.ToString())];
    }

    /// <summary>Busybox below, accounts and a whiteout above.</summary>
    private static string MakeWithUmoci(TempFolder folder)
    {
        Tool.Run("sh", "-ec", $"""
            cd '{folder.Path}'
            umoci init --layout l; umoci new --image l:one; umoci unpack --rootless --image l:one b
            mkdir -p b/rootfs/bin b/rootfs/etc; cp /bin/busybox b/rootfs/bin/; ln -s busybox b/rootfs/bin/sh; echo old > b/rootfs/etc/gone
            umoci repack --image l:one b; rm -rf b; umoci unpack --rootless --image l:one b
            rm b/rootfs/etc/gone; echo runner:x:77:78::/: > b/rootfs/etc/passwd
            umoci repack --image l:two b
            umoci config --image l:two --config.entrypoint /bin/busybox --config.cmd echo --config.cmd 'hello there' --config.env A=1 --config.env B=x=y \
                --config.workingdir /srv --config.user runner
            """);
        return folder["l"];
    }
}
