using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Objects;

public class UploadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(300_000)]
    public async Task Put_AWholeStream_ComesBackTheSame(int length)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(length);

        PutReply reply = await client.PutAsync(sample);

        Assert.True(reply.Complete);
        Assert.Equal(new StatReply { Complete = true, Received = (ulong)sample.Bytes.Length, Size = (ulong)sample.Bytes.Length }, await client.StatAsync(sample.Digest));
        Assert.Equal(sample.Bytes, await client.GetAsync(sample.Digest));
        Assert.Equal(sample.Bytes[100..], await client.GetAsync(sample.Digest, 100));
        Assert.Empty(await client.GetAsync(sample.Digest, sample.Bytes.Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(200)]
    [InlineData(2000)]
    [InlineData(-1)]
    public async Task Put_CutAtAnOddPlaceAndTheHostRestarted_Continues(int cut)
    {
        await using TestHost host = await TestHost.StartAsync();
        var party = new TestParty("clinic-a");
        SealedSample sample = SealedSample.Create(5000);
        cut = cut < 0 ? sample.Bytes.Length + cut : cut;
        using (HostClient first = await host.LoginAsync(party))
        {
            PutReply reply = await first.PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes.AsMemory(0, cut), pieceSize: 7);
            Assert.Equal((false, (ulong)cut), (reply.Complete, reply.Received));
        }

        await host.RestartAsync();

        using HostClient second = await host.LoginAsync(party);
        Assert.Equal(new StatReply { Received = (ulong)cut }, await second.StatAsync(sample.Digest));
        Assert.True((await second.PutAsync(sample.Digest, sample.Bytes.Length, cut, sample.Bytes.AsMemory(cut))).Complete);
        Assert.Equal(sample.Bytes, await second.GetAsync(sample.Digest));
    }

    [Fact]
    public async Task Put_WhoseConnectionBreaks_KeepsWhatArrived()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        using (AsyncClientStreamingCall<PutRequest, PutReply> call = client.Objects.Put(client.Headers))
        {
            await call.RequestStream.WriteAsync(new PutRequest { Digest = HostClient.Bytes(sample.Digest), Size = (ulong)sample.Bytes.Length, Data = ByteString.CopyFrom(sample.Bytes.AsSpan(0, 1000)) });
            await Poll.UntilAsync(async () => (await client.StatAsync(sample.Digest)).Received == 1000);
        }

        PutReply? reply = null;
        await Poll.UntilAsync(async () =>
        {
            try
            {
                reply = await client.PutAsync(sample.Digest, sample.Bytes.Length, 1000, sample.Bytes.AsMemory(1000));
                return true;
            }
            catch (Errors.OrchestratorException busy) when (busy.Code.Id == HostErrors.ObjectBusy.Id)
            {
                return false;
            }
        });

        Assert.True(reply!.Complete);
    }

    [Fact]
    public async Task Put_OfAnObjectThatIsThere_EndsAtOnce()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(100);
        await client.PutAsync(sample);

        Assert.True((await client.PutAsync(sample)).Complete);
    }

    [Fact]
    public async Task Put_WithAnotherDigest_DropsTheBytes()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        Digest other = Digest.Of("other"u8);

        await Expect.CodeAsync(HostErrors.ObjectDigest, () => client.PutAsync(other, sample.Bytes.Length, 0, sample.Bytes));

        Assert.Equal(new StatReply(), await client.StatAsync(other));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "objects")));
    }

    [Fact]
    public async Task Put_WithOneBitFlippedInACiphertext_DropsTheBytes()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        byte[] altered = [.. sample.Bytes];
        altered[^40] ^= 1;

        await Expect.CodeAsync(HostErrors.ObjectDigest, () => client.PutAsync(sample.Digest, altered.Length, 0, altered));

        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
        Assert.True((await client.PutAsync(sample)).Complete);
    }

    [Fact]
    public async Task Put_OfAForeignFile_IsRefusedWithItsReason()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        byte[] csv = "a,b,c\n1,2,3\n4,5,6\n7,8,9\n"u8.ToArray();

        await Expect.CodeAsync(StreamErrors.Foreign, () => client.PutAsync(Digest.Of(csv), csv.Length, 0, csv));

        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
    }

    [Fact]
    public async Task Put_MoreThanAnnounced_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, () => client.PutAsync(sample.Digest, sample.Bytes.Length - 1, 0, sample.Bytes));

        Assert.False((await client.StatAsync(sample.Digest)).Complete);
    }

    [Fact]
    public async Task Put_ThatAnnouncedAWrongSizeBefore_CanBeRepeatedWithTheRightOne()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        await client.PutAsync(sample.Digest, sample.Bytes.Length + 999, 0, sample.Bytes);

        StatReply stat = await client.StatAsync(sample.Digest);

        Assert.True((await client.PutAsync(sample.Digest, sample.Bytes.Length, (long)stat.Received, default)).Complete);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(1001)]
    public async Task Put_FromAnotherOffsetThanReceived_IsRefused(long offset)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        await client.PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes.AsMemory(0, 1000));

        await Expect.CodeAsync(HostErrors.ObjectOffset, () => client.PutAsync(sample.Digest, sample.Bytes.Length, offset, sample.Bytes.AsMemory((int)offset)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 0)]
    [InlineData(100, 101)]
    [InlineData(100, -1)]
    public async Task Put_WithSizeOrOffsetOutOfRange_IsRefused(long size, long offset)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, async () =>
        {
            using AsyncClientStreamingCall<PutRequest, PutReply> call = client.Objects.Put(client.Headers);
            await call.RequestStream.WriteAsync(new PutRequest { Digest = HostClient.Bytes(default), Size = unchecked((ulong)size), Offset = unchecked((ulong)offset) });
            await call.ResponseAsync;
        });
    }

    [Fact]
    public async Task Put_WithAPieceAboveOneMebibyte_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(2 << 20);

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, () => client.PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes, pieceSize: (1 << 20) + 1));
    }

    [Fact]
    public async Task Put_WithAMessageAboveTheLimit_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(Contracts.RpcErrors.Malformed, () => client.PutAsync(Digest.Of("x"u8), 8 << 20, 0, new byte[8 << 20], pieceSize: 8 << 20));
    }

    [Fact]
    public async Task Put_AboveTheHostsMaximum_IsRefusedBeforeAByteIsStored()
    {
        await using TestHost host = await TestHost.StartAsync(options => options with { MaximumObjectBytes = 1000 });
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(1000);

        await Expect.CodeAsync(HostErrors.ObjectTooLarge, () => client.PutAsync(sample));

        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
    }

    [Fact]
    public async Task Put_BeyondTheQuota_CountsObjectsAndUploadsOfThisPartyOnly()
    {
        await using TestHost host = await TestHost.StartAsync(options => options with { QuotaBytes = 9000 });
        using HostClient clinic = await host.LoginAsync(new TestParty("clinic-a"));
        using HostClient lab = await host.LoginAsync(new TestParty("lab"));
        SealedSample stored = SealedSample.Create(3000);
        SealedSample begun = SealedSample.Create(3001);
        SealedSample third = SealedSample.Create(3002);
        await clinic.PutAsync(stored);
        await clinic.PutAsync(begun.Digest, begun.Bytes.Length, 0, begun.Bytes.AsMemory(0, 10));

        await Expect.CodeAsync(HostErrors.ObjectQuota, () => clinic.PutAsync(third));

        Assert.True((await lab.PutAsync(third)).Complete);
        Assert.True((await clinic.PutAsync(begun.Digest, begun.Bytes.Length, 10, begun.Bytes.AsMemory(10))).Complete);
    }

    [Fact]
    public async Task Put_BesideTooManyUnfinishedOnes_IsRefusedUntilOneIsFinished()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient clinic = await host.LoginAsync(new TestParty("clinic-a"));
        using HostClient lab = await host.LoginAsync(new TestParty("lab"));
        SealedSample begun = SealedSample.Create(3000);
        SealedSample further = SealedSample.Create(3001);
        await clinic.PutAsync(begun.Digest, begun.Bytes.Length, 0, begun.Bytes.AsMemory(0, 10));
        for (int other = 1; other < 256; other++)
        {
            await clinic.PutAsync(Digest.Of([(byte)other]), 1000, 0, default);
        }

        await Expect.CodeAsync(HostErrors.UploadLimit, () => clinic.PutAsync(further));

        Assert.True((await lab.PutAsync(further)).Complete);
        Assert.True((await clinic.PutAsync(begun.Digest, begun.Bytes.Length, 10, begun.Bytes.AsMemory(10))).Complete);
        Assert.True((await clinic.PutAsync(further)).Complete);
    }

    [Fact]
    public async Task Put_LargerThanTheFreeDisk_IsAStorageErrorBeforeAByteIsStored()
    {
        await using TestHost host = await TestHost.StartAsync(options => options with { MaximumObjectBytes = long.MaxValue, QuotaBytes = long.MaxValue });
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(Crypto.IO.StorageErrors.Full, () => client.PutAsync(Digest.Of("x"u8), 1L << 60, 0, new byte[1]));

        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
    }

    [Fact]
    public async Task Put_WhenTheDiskIsFull_IsAStorageErrorAndCanBeContinuedLater()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(300_000);
        await client.PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes.AsMemory(0, 10));
        string leaves = Path.Combine(host.State, "uploads", "upload-1.leaves");
        File.Delete(leaves);
        File.CreateSymbolicLink(leaves, "/dev/full");

        Errors.OrchestratorException full = await Expect.CodeAsync(Crypto.IO.StorageErrors.Full, () => client.PutAsync(sample.Digest, sample.Bytes.Length, 10, sample.Bytes.AsMemory(10)));

        Assert.DoesNotContain(host.State, full.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "objects")));
        File.Delete(leaves);
        StatReply stat = await client.StatAsync(sample.Digest);
        Assert.False(stat.Complete);
        Assert.True((await client.PutAsync(sample.Digest, sample.Bytes.Length, (long)stat.Received, sample.Bytes.AsMemory((int)stat.Received))).Complete);
        Assert.Equal(sample.Bytes, await client.GetAsync(sample.Digest));
    }

    [Fact]
    public async Task Put_TwiceAtTheSameTime_RefusesTheSecond()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(5000);
        using AsyncClientStreamingCall<PutRequest, PutReply> first = client.Objects.Put(client.Headers);
        await first.RequestStream.WriteAsync(new PutRequest { Digest = HostClient.Bytes(sample.Digest), Size = (ulong)sample.Bytes.Length, Data = ByteString.CopyFrom(sample.Bytes.AsSpan(0, 10)) });
        await Poll.UntilAsync(async () => (await client.StatAsync(sample.Digest)).Received == 10);

        await Expect.CodeAsync(HostErrors.ObjectBusy, () => client.PutAsync(sample.Digest, sample.Bytes.Length, 10, sample.Bytes.AsMemory(10)));
    }

    [Fact]
    public async Task Objects_OfAnotherParty_LookLikeMissingOnes()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient clinic = await host.LoginAsync(new TestParty("clinic-a"));
        using HostClient lab = await host.LoginAsync(new TestParty("lab"));
        SealedSample sample = SealedSample.Create(5000);
        await clinic.PutAsync(sample);

        Assert.Equal(new StatReply(), await lab.StatAsync(sample.Digest));
        Errors.OrchestratorException foreign = await Expect.CodeAsync(HostErrors.ObjectNotFound, () => lab.GetAsync(sample.Digest));
        Errors.OrchestratorException missing = await Expect.CodeAsync(HostErrors.ObjectNotFound, () => lab.GetAsync(Digest.Of("x"u8)));
        Assert.Equal(missing.Message.Replace(Digest.Of("x"u8).ToString(), "", StringComparison.Ordinal), foreign.Message.Replace(sample.Digest.ToString(), "", StringComparison.Ordinal));
        Assert.True((await lab.PutAsync(sample)).Complete);
        Assert.Equal(sample.Bytes, await lab.GetAsync(sample.Digest));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public async Task Stat_WithAnIllFormedDigest_IsRefused(int length)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, async () => await client.Objects.StatAsync(new StatRequest { Digest = ByteString.CopyFrom(new byte[length]) }, client.Headers));
    }

    [Fact]
    public async Task Get_FromBeyondTheEnd_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(100);
        await client.PutAsync(sample);

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, () => client.GetAsync(sample.Digest, sample.Bytes.Length + 1));
    }

    [Fact]
    public async Task Put_OfNothingAtAll_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        using AsyncClientStreamingCall<PutRequest, PutReply> call = client.Objects.Put(client.Headers);
        await call.RequestStream.CompleteAsync();

        await Expect.CodeAsync(HostErrors.ObjectRequestInvalid, () => call.ResponseAsync);
    }

    [Fact]
    public async Task Leaves_BesideAnObject_AreThoseOfItsDigest()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample sample = SealedSample.Create(300_000);
        await client.PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes.AsMemory(0, 100_000));
        await client.PutAsync(sample.Digest, sample.Bytes.Length, 100_000, sample.Bytes.AsMemory(100_000));

        byte[] file = await File.ReadAllBytesAsync(Path.Combine(host.State, "objects", $"{sample.Digest}.leaves"), TestContext.Current.CancellationToken);

        Digest[] leaves = [.. file.Chunk(Digest.Size).Select(chunk => new Digest(chunk))];
        Assert.Equal(sample.Layout.FrameCount + 1, leaves.Length);
        Assert.Equal(sample.Digest, MerkleTree.Root(leaves));
    }
}
