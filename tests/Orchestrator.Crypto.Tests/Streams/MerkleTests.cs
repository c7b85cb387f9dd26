using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class MerkleTests
{
    [Fact]
    public void Root_OfNoLeaves_IsTheDigestOfNothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", MerkleTree.Root([]).ToString());

    [Fact]
    public void Root_KnownTreeOfCertificateTransparency_IsItsRoot()
    {
        // The tree of eight leaves that certificate-transparency implementations test with.
        string[] leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        Digest[] hashes = [.. leaves.Select(l => MerkleTree.LeafHash(Convert.FromHexString(l)))];

        Assert.Equal("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", MerkleTree.Root(hashes.AsSpan(0, 1)).ToString());
        Assert.Equal("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", MerkleTree.Root(hashes).ToString());
    }

    [Fact]
    public void Root_AnyLeaves_IsThatOfTheRecursiveDefinition() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(1, 300).ToArbitrary(), count =>
        {
            Digest[] leaves = Leaves(count);
            return MerkleTree.Root(leaves) == Naive(leaves);
        }));

    [Fact]
    public void AuditPath_EveryLeafOfEverySize_Verifies()
    {
        for (int size = 1; size <= 40; size++)
        {
            Digest[] leaves = Leaves(size);
            Digest root = Naive(leaves);
            for (int index = 0; index < size; index++)
            {
                Assert.True(MerkleTree.VerifyPath(root, size, index, leaves[index], MerkleTree.AuditPath(leaves, index)), $"{index} of {size}");
            }
        }
    }

    [Fact]
    public void VerifyPath_LongerThanTheTreeIsHigh_Fails()
    {
        Digest[] leaves = [MerkleTree.LeafHash([1]), MerkleTree.LeafHash([2])];
        Digest root = MerkleTree.Root(leaves);

        Assert.True(MerkleTree.VerifyPath(root, 2, 1, leaves[1], [leaves[0]]));
        Assert.False(MerkleTree.VerifyPath(root, 1, 0, leaves[1], [leaves[0]]));
    }

    [Fact]
    public void VerifyPath_AnythingAltered_Fails()
    {
        const int Size = 13;
        Digest[] leaves = Leaves(Size);
        Digest root = MerkleTree.Root(leaves);
        for (int index = 0; index < Size; index++)
        {
            Digest[] path = MerkleTree.AuditPath(leaves, index);
            for (int step = 0; step < path.Length; step++)
            {
                Digest[] altered = [.. path];
                altered[step] = leaves[(index + 1) % Size] == altered[step] ? leaves[index] : leaves[(index + 1) % Size];
                Assert.False(MerkleTree.VerifyPath(root, Size, index, leaves[index], altered));
            }

            Assert.False(MerkleTree.VerifyPath(root, Size, index, leaves[(index + 1) % Size], path));
            Assert.False(MerkleTree.VerifyPath(root, Size, index, leaves[index], path.AsSpan(1)));
            Assert.False(MerkleTree.VerifyPath(root, Size, index, leaves[index], [.. path, root]));
            Assert.False(MerkleTree.VerifyPath(root, Size, (index + 1) % Size, leaves[index], path));
        }
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    public void VerifyPath_LeafOutsideTheTree_Fails(long index, long size)
    {
        Digest[] leaves = Leaves(4);
        Assert.False(MerkleTree.VerifyPath(MerkleTree.Root(leaves), size, index, leaves[0], MerkleTree.AuditPath(leaves, 0)));
    }

    [Fact]
    public void Root_LeafThatLooksLikeANode_IsNotThatNode()
    {
        Digest[] leaves = Leaves(2);
        Assert.NotEqual(MerkleTree.Root(leaves), MerkleTree.LeafHash([.. leaves[0].ToArray(), .. leaves[1].ToArray()]));
    }

    private static Digest[] Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i)))];

    private static Digest Naive(ReadOnlySpan<Digest> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        int split = 1;
        while (split * 2 < leaves.Length)
        {
            split *= 2;
        }

        byte[] node = [1, .. Naive(leaves[..split]).ToArray(), .. Naive(leaves[split..]).ToArray()];
        return new Digest(SHA256.HashData(node));
    }
}
