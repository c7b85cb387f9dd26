using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class StreamHeaderTests
{
    [Fact]
    public void Decode_WhatEncodeWrote_IsEqual()
    {
        StreamHeader header = Sealing.Header(recordSize: 12, frameSize: 264, kind: StreamKind.Checkpoint, run: 77) with { Schema = new byte[] { 1, 2 }, Owner = "Süd" };

        Assert.Equal(header, StreamHeader.Decode(header.Encode()));
        Assert.Equal(header.GetHashCode(), StreamHeader.Decode(header.Encode()).GetHashCode());
    }

    [Fact]
    public void Create_Twice_HasDifferentSalts() =>
        Assert.NotEqual(Sealing.Header(), Sealing.Header());

    public static TheoryData<string, StreamHeader> Invalid => new()
    {
        { "kind", Sealing.Header() with { Kind = 0 } },
        { "kind beyond", Sealing.Header() with { Kind = (StreamKind)7 } },
        { "owner empty", Sealing.Header() with { Owner = "" } },
        { "owner long", Sealing.Header() with { Owner = new string('é', 129) } },
        { "owner control", Sealing.Header() with { Owner = "a\nb" } },
        { "record zero", Sealing.Header() with { RecordSize = 0 } },
        { "record negative", Sealing.Header() with { RecordSize = -1 } },
        { "record over frame", Sealing.Header() with { RecordSize = 2 * Sealing.FrameSize } },
        { "frame no multiple", Sealing.Header() with { RecordSize = 3 } },
        { "frame small", Sealing.Header() with { FrameSize = 255 } },
        { "frame large", Sealing.Header() with { FrameSize = (1 << 24) + 1 } },
        { "salt short", Sealing.Header() with { Salt = new byte[31] } },
        { "run negative", Sealing.Header() with { Run = -1 } },
        { "run large", Sealing.Header() with { Run = 1 << 24 } },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public void Header_FieldOutOfRange_IsRefusedBothWays(string field, StreamHeader header)
    {
        byte[] encoding = CborMap.Of(
            ("kind", (long)header.Kind), ("owner", header.Owner), ("schema", header.Schema), ("record", header.RecordSize),
            ("frame", header.FrameSize), ("salt", header.Salt), ("run", header.Run)).Encode();

        Assert.Throws<ArgumentException>(header.Encode);
        Assert.True(StreamErrors.HeaderInvalid == Sealing.ErrorOf(() => StreamHeader.Decode(encoding)), field);
    }

    [Fact]
    public void Sealer_HeaderTooLong_IsRefused()
    {
        using StreamKey key = StreamKey.Generate();
        StreamHeader header = Sealing.Header() with { Schema = new byte[StreamLimits.MaxHeaderSize] };
        Assert.Throws<ArgumentException>(() => new StreamSealer(Stream.Null, key, header));
    }

    [Theory]
    [InlineData(1, 262144, 262144)]
    [InlineData(124, 262144, 262136)]
    [InlineData(3, 1, 258)]
    [InlineData(300, 1, 300)]
    [InlineData(1 << 24, 262144, 1 << 24)]
    public void FrameSizeFor_RecordSize_HoldsWholeRecords(int recordSize, int target, int expected) =>
        Assert.Equal(expected, StreamHeader.FrameSizeFor(recordSize, target));

    [Theory]
    [InlineData(0)]
    [InlineData((1 << 24) + 1)]
    public void FrameSizeFor_RecordSizeOutOfRange_Throws(int recordSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StreamHeader.FrameSizeFor(recordSize));

    [Fact]
    public void FrameIv_WrittenAndRead_IsTheSame()
    {
        var iv = new FrameIv(StreamKind.Model, 0x010203, 0x0405060708090a0b);
        byte[] bytes = new byte[FrameIv.Size];
        iv.WriteTo(bytes);

        Assert.Equal("030102030405060708090a0b", Convert.ToHexStringLower(bytes));
        Assert.Equal(iv, FrameIv.Read(bytes));
    }

    [Fact]
    public void FrameIv_AnyBytes_ReadAndWrittenAgain_AreTheSame()
    {
        byte[] bytes = new byte[FrameIv.Size];
        byte[] again = new byte[FrameIv.Size];
        for (int i = 0; i < 1000; i++)
        {
            RandomNumberGenerator.Fill(bytes);
            FrameIv.Read(bytes).WriteTo(again);
            Assert.Equal(bytes, again);
        }
    }
}
