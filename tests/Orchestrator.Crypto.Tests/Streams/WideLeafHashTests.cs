using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class WideLeafHashTests
{
    public static TheoryData<int, int> Leaves
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int size in new[] { 63, 64, 117, 118, 119, 126, 127, 128, 181, 182, 183, 288, 1000, 4096 + 32, (1 << 18) + 32 })
            {
                foreach (int count in new[] { 1, 2, 7, 8, 15, 16 })
                {
                    data.Add(size, count);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Leaves))]
    public void Hash_OfSeveralLeaves_IsThatOfEach(int size, int count)
    {
        RequireProcessor();
        byte[] leaves = Sealing.Bytes(size * count, seed: size + count);

        var hashes = new Digest[count];
        WideLeafHash.Hash(leaves, hashes);

        Assert.Equal(leaves.Chunk(size).Select(leaf => MerkleTree.LeafHash(leaf)), hashes);
    }

    [Fact]
    public void Hash_OfEverySizeOfTwoBlocks_IsThatOfEach()
    {
        RequireProcessor();
        for (int size = 63; size < 63 + (2 * 64); size++)
        {
            byte[] leaves = Sealing.Bytes(size * 3, size);
            var hashes = new Digest[3];
            WideLeafHash.Hash(leaves, hashes);
            Assert.Equal(leaves.Chunk(size).Select(leaf => MerkleTree.LeafHash(leaf)), hashes);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(17 * 64, 17)]
    [InlineData(62, 1)]
    [InlineData((2 * 64) + 1, 2)]
    public void Hash_OfOtherThanSomeEqualLeaves_IsRefused(int bytes, int count)
    {
        RequireProcessor();
        Assert.Throws<ArgumentOutOfRangeException>(() => WideLeafHash.Hash(new byte[bytes], new Digest[count]));
    }

    private static void RequireProcessor() => Assert.SkipUnless(WideLeafHash.IsSupported, "This processor has no AVX-512.");
}
