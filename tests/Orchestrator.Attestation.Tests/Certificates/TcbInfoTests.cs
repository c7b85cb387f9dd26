using System.Formats.Asn1;
using Orchestrator.Attestation.Certificates;

namespace Orchestrator.Attestation.Tests.Certificates;

public sealed class TcbInfoTests
{
    // SEQUENCE { [3] 1, [4] 0, [6] { SEQUENCE { sha384, 48 octets } }, [7] 4 unused bits, debug }
    private static readonly string Known =
        "304b" + "830101" + "840100" + "a63f" + "303d" + "0609608648016503040202" + "0430" + string.Concat(Enumerable.Repeat("ab", 48)) + "8702" + "0410";

    private static readonly TcbInfo Info = new(1, 0, [Measurement.Parse(string.Concat(Enumerable.Repeat("ab", 48)))], Debug: true);

    [Fact]
    public void Encode_KnownLayer_GivesTheBytesOfTheSpecification() => Assert.Equal(Known, Convert.ToHexStringLower(Info.Encode()));

    [Fact]
    public void Decode_WhatEncodeWrote_IsTheSame()
    {
        Assert.Equal(Info, TcbInfo.Decode(Info.Encode()));
        var plain = new TcbInfo(int.MaxValue, 1, [], Debug: false);
        Assert.Equal(plain, TcbInfo.Decode(plain.Encode()));
    }

    [Theory]
    [InlineData("8303800000")] // negative
    [InlineData("83050080000000")] // 2^31
    [InlineData("83020001")] // not the shortest
    [InlineData("8300")]
    public void Decode_NumberOutOfRange_Throws(string svn)
    {
        byte[] body = Convert.FromHexString(svn + "840100" + "a600" + "870100");
        Assert.Throws<AsnContentException>(() => TcbInfo.Decode((byte[])[0x30, (byte)body.Length, .. body]));
    }

    [Fact]
    public void Decode_UnknownFlagFieldOrTrailingByte_Throws()
    {
        byte[] good = new TcbInfo(1, 0, [], Debug: false).Encode();
        Assert.Throws<AsnContentException>(() => TcbInfo.Decode((byte[])[.. good, 0]));
        Assert.Throws<AsnContentException>(() => TcbInfo.Decode(Convert.FromHexString("300c" + "830101" + "840100" + "a600" + "87020780")));
        Assert.Throws<AsnContentException>(() => TcbInfo.Decode(Convert.FromHexString("300e" + "800161" + "830101" + "840100" + "a600" + "870100")));
    }
}
