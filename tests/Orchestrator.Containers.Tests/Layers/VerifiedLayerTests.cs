using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>A layer image under a reader that trusts its root hash alone.</summary>
public sealed class VerifiedLayerTests
{
    private const int Block = 4096;

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(17_000)]
    public void An_unchanged_image_comes_out_as_it_is(int blocks)
    {
        using var folder = new TempFolder();
        LayerImage layer = Build(folder, blocks);

        byte[] copy = Copy(folder, File.ReadAllBytes(layer.Path), layer.RootHash);

        Assert.Equal(File.ReadAllBytes(layer.Path)[..copy.Length], copy);
    }

    [Fact]
    public void Any_changed_byte_is_refused()
    {
        using var folder = new TempFolder();
        LayerImage layer = Build(folder, 300);
        byte[] image = File.ReadAllBytes(layer.Path);
        int data = DataLength(image.Length);

        // Every field of the superblock, and a byte of every other block and a few.
        foreach (int position in Enumerable.Range(data, 120).Concat(Enumerable.Range(0, image.Length / 9973).Select(i => i * 9973)).Append(image.Length - 1))
        {
            string code = position < data || position >= data + Block ? "verity-block-mismatch" : "verity-superblock";
            image[position] ^= 1;

            Assert.Equal(code, Refusal(folder, image, layer.RootHash));
            image[position] ^= 1;
        }
    }

    [Fact]
    public void Cut_extended_and_other_images_are_refused()
    {
        using var folder = new TempFolder();
        LayerImage layer = Build(folder, 300);
        byte[] image = File.ReadAllBytes(layer.Path);

        Assert.Equal("verity-superblock", Refusal(folder, image[..^1], layer.RootHash));
        Assert.Equal("verity-superblock", Refusal(folder, image[..^Block], layer.RootHash));
        Assert.Equal("verity-superblock", Refusal(folder, [.. image, .. new byte[Block]], layer.RootHash));
        Assert.Equal("verity-superblock", Refusal(folder, [], layer.RootHash));
        Assert.Equal("verity-root-mismatch", Refusal(folder, image, Build(folder, 301).RootHash));
    }

    [Fact]
    public void A_level_of_the_tree_does_not_pass_for_the_data()
    {
        using var folder = new TempFolder();
        LayerImage layer = Build(folder, 300);
        byte[] image = File.ReadAllBytes(layer.Path);
        int data = DataLength(image.Length);

        // Three blocks of hashes hash to the same root, under a tree of one block.
        byte[] level = image[(data + (2 * Block))..];
        byte[] superblock = image[data..(data + Block)];
        superblock[72] = (byte)(level.Length / Block);
        superblock[73] = 0;
        byte[] top = image[(data + Block)..(data + (2 * Block))];
        layer.RootHash.ToArray().AsSpan(0, 16).CopyTo(superblock.AsSpan(16));
        byte[] shorter = [.. level, .. superblock, .. top];

        Assert.Equal(3 * Block, level.Length);
        Assert.Equal("verity-superblock", Refusal(folder, shorter, layer.RootHash));
    }

    [Fact]
    public void A_block_changed_after_the_image_was_opened_is_refused_and_not_handed_out()
    {
        using var folder = new TempFolder();
        LayerImage layer = Build(folder, 300);
        byte[] image = File.ReadAllBytes(layer.Path);
        VerifiedLayer opened = VerifiedLayer.Open((position, buffer) => image.AsSpan((int)position, buffer.Length).CopyTo(buffer), layer.RootHash, image.Length);
        image[100 * Block] ^= 1;

        using SafeFileHandle copy = File.OpenHandle(folder["copy"], FileMode.CreateNew, FileAccess.ReadWrite);
        var exception = Assert.Throws<OrchestratorException>(() => opened.CopyTo(copy));

        Assert.Equal("verity-block-mismatch", exception.Code.Id);
        byte[] handedOut = new byte[Block];
        RandomAccess.Read(copy, handedOut, 100 * Block);
        Assert.Equal(new byte[Block], handedOut);
    }

    private static int DataLength(int length) => (int)Enumerable.Range(2, length / Block).First(blocks =>
        blocks + 1 + VerityFormat.LevelsOver(blocks).Sum() == length / Block) * Block;

    private static string Refusal(TempFolder folder, byte[] image, Digest root) => Assert.Throws<OrchestratorException>(() => Copy(folder, image, root)).Code.Id;

    private static byte[] Copy(TempFolder folder, byte[] image, Digest root)
    {
        using SafeFileHandle source = File.OpenHandle(folder.Write("image", image));
        using (SafeFileHandle copy = File.OpenHandle(folder["copy"], FileMode.Create, FileAccess.ReadWrite))
        {
            VerifiedLayer.Open(source, root).CopyTo(copy);
        }

        return File.ReadAllBytes(folder["copy"]);
    }

    private static LayerImage Build(TempFolder folder, int blocks, int seed = 0)
    {
        byte[] content = new byte[blocks * Block];
        new Random(seed).NextBytes(content);
        return LayerImageWriter.Write(new MemoryStream(new TarBuilder().Entry("a", '0', content).Build()), folder.Path).Image;
    }
}
