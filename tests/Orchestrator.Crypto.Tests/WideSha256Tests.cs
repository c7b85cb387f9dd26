using System.Security.Cryptography;
using Orchestrator.Crypto.Tests.Streams;

namespace Orchestrator.Crypto.Tests;

public class WideSha256Tests
{
    public static TheoryData<int, int, int> Messages
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (int prefix in new[] { 0, 1, 32, 63 })
            {
                foreach (int size in new[] { 64, 117, 118, 119, 126, 127, 128, 181, 182, 183, 288, 1000, 4096, (1 << 18) + 32 })
                {
                    foreach (int count in new[] { 1, 2, 7, 8, 15, 16 })
                    {
                        data.Add(prefix, size, count);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Hash_OfSeveralMessages_IsThatOfEach(int prefix, int size, int count)
    {
        RequireProcessor();
        RequireEqual(Sealing.Bytes(prefix, seed: prefix), Sealing.Bytes(size * count, seed: size + count), count);
    }

    [Fact]
    public void Hash_OfEverySizeOfTwoBlocks_IsThatOfEach()
    {
        RequireProcessor();
        for (int size = 63; size < 63 + (2 * 64); size++)
        {
            RequireEqual([0], Sealing.Bytes(size * 3, size), 3);
        }
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(1, 17 * 64, 17 * 32)]
    [InlineData(1, 62, 32)]
    [InlineData(0, 63, 32)]
    [InlineData(64, 64, 32)]
    [InlineData(1, (2 * 64) + 1, 2 * 32)]
    [InlineData(1, 2 * 64, (2 * 32) + 1)]
    public void Hash_OfOtherThanSomeEqualMessages_IsRefused(int prefix, int bytes, int hashes)
    {
        RequireProcessor();
        Assert.Throws<ArgumentOutOfRangeException>(() => WideSha256.Hash(new byte[prefix], new byte[bytes], new byte[hashes]));
    }

    private static void RequireEqual(byte[] prefix, byte[] messages, int count)
    {
        byte[] hashes = new byte[count * SHA256.HashSizeInBytes];
        WideSha256.Hash(prefix, messages, hashes);
        Assert.Equal(messages.Chunk(messages.Length / count).SelectMany(message => SHA256.HashData([.. prefix, .. message])), hashes);
    }

    private static void RequireProcessor() => Assert.SkipUnless(WideSha256.IsSupported, "This processor has no AVX-512.");
}
