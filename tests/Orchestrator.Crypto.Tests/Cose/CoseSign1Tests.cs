using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Cose;

public sealed class CoseSign1Tests : IDisposable
{
    private const string Type = "text/plain";
    private static readonly byte[] KeyId = [0x11];
    private static readonly byte[] Payload = "payload"u8.ToArray();

    private readonly PartySigningKey _party = PartySigningKey.Generate();
    private readonly ECDsa _device = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    [Fact]
    public void TryVerify_AnyFieldAltered_IsRefused()
    {
        byte[] message = CoseSign1.Sign(_party, Type, KeyId, Payload);
        Tamper.OneByteAField(
            message,
            ("tag", 1), ("array", 1), ("protected length", 1), ("map", 1),
            ("algorithm label", 1), ("algorithm", 1), ("content type label", 1), ("content type length", 1), ("content type", Type.Length),
            ("key id label", 1), ("key id length", 1), ("key id", 1), ("unprotected map", 1),
            ("payload length", 1), ("payload", Payload.Length), ("signature length", 2), ("signature", 64)).AssertAllRefused(RefusesParty);
        Tamper.EveryBit(message).AssertAllRefused(RefusesParty);
        Tamper.EveryLength(message).AssertAllRefused(RefusesParty);
    }

    [Fact]
    public void TryVerify_AnyBitOfDeviceMessageAltered_IsRefused()
    {
        byte[] message = CoseSign1.Sign(_device, Type, KeyId, [], Payload);
        Tamper.EveryBit(message).AssertAllRefused(RefusesDevice);
        Tamper.EveryLength(message).AssertAllRefused(RefusesDevice);
    }

    [Fact]
    public void TryVerify_OtherKeyTypeOrAad_IsRefused()
    {
        using var other = PartySigningKey.Generate();
        var message = CoseSign1.Parse(CoseSign1.Sign(_party, Type, KeyId, Payload, "aad"u8));
        Assert.True(message.TryVerify(_party.VerificationKey, Type, out _, "aad"u8));
        Assert.False(message.TryVerify(other.VerificationKey, Type, out _, "aad"u8));
        Assert.False(message.TryVerify(_party.VerificationKey, "text/html", out _, "aad"u8));
        Assert.False(message.TryVerify(_party.VerificationKey, Type, out _, "AAD"u8));
        Assert.False(message.TryVerify(_party.VerificationKey, Type, out VerifiedPayload? payload));
        Assert.Null(payload);
    }

    [Fact]
    public void TryVerify_KeyOfTheOtherAlgorithm_IsRefused()
    {
        var party = CoseSign1.Parse(CoseSign1.Sign(_party, Type, KeyId, Payload));
        var device = CoseSign1.Parse(CoseSign1.Sign(_device, Type, KeyId, [], Payload));
        Assert.False(party.TryVerify(_device, Type, out _));
        Assert.False(device.TryVerify(_party.VerificationKey, Type, out _));
    }

    /// <summary>The signature is good for its key; only the algorithm that the header names is the other one.</summary>
    [Fact]
    public void TryVerify_HeaderNamesTheOtherAlgorithm_IsRefused()
    {
        byte[] saysDevice = Header((long)CoseAlgorithm.Es384).Encode();
        byte[] saysParty = Header((long)CoseAlgorithm.EdDsa).Encode();
        byte[] byParty = _party.Sign(CoseSign1.ToBeSigned(saysDevice, Payload, []));
        byte[] byDevice = _device.SignData(CoseSign1.ToBeSigned(saysParty, Payload, []), HashAlgorithmName.SHA384);
        Assert.False(CoseSign1.Parse(Message(saysDevice, byParty)).TryVerify(_party.VerificationKey, Type, out _));
        Assert.False(CoseSign1.Parse(Message(saysParty, byDevice)).TryVerify(_device, Type, out _));
    }

    [Fact]
    public void TryVerify_DerSignature_IsRefused()
    {
        byte[] header = Header((long)CoseAlgorithm.Es384).Encode();
        byte[] signature = _device.SignData(CoseSign1.ToBeSigned(header, Payload, []), HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
        Assert.False(CoseSign1.Parse(Message(header, signature)).TryVerify(_device, Type, out _));
    }

    [Fact]
    public void SignAndTryVerify_KeyOnAnotherCurve_Throw()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var brainpool = ECDsa.Create(ECCurve.NamedCurves.brainpoolP384r1);
        var message = CoseSign1.Parse(CoseSign1.Sign(_device, Type, KeyId, [], Payload));
        foreach (ECDsa key in (ECDsa[])[p256, brainpool])
        {
            Assert.Throws<ArgumentException>(() => CoseSign1.Sign(key, Type, KeyId, [], Payload));
            Assert.Throws<ArgumentException>(() => message.TryVerify(key, Type, out _));
        }
    }

    public static TheoryData<CborMap> BadHeaders => new()
    {
        new CborMap(),
        new CborMap((3, Type), (4, KeyId)), // no algorithm
        new CborMap((1, -8), (4, KeyId)), // no content type
        new CborMap((1, -8), (3, Type)), // no key id
        new CborMap((1, -7), (3, Type), (4, KeyId)), // ES256
        new CborMap((1, "EdDSA"), (3, Type), (4, KeyId)),
        new CborMap((1, -8), (3, 0), (4, KeyId)), // a content type by number
        new CborMap((1, -8), (3, Type), (4, "11")),
        new CborMap((1, -8), (3, ""), (4, KeyId)),
        new CborMap((1, -8), (3, new string('x', CoseHeader.MaxContentType + 1)), (4, KeyId)),
        new CborMap((1, -8), (3, Type), (4, Array.Empty<byte>())),
        new CborMap((1, -8), (3, Type), (4, new byte[CoseHeader.MaxKeyId + 1])),
        new CborMap((1, -8), (2, new CborArray(100)), (3, Type), (4, KeyId)), // a critical header
        new CborMap((1, -8), (3, Type), (4, KeyId), ("x", 1)),
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, new CborArray())),
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, new CborArray(new byte[] { 1 }))), // an array of one
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, new CborArray(new byte[] { 1 }, 2))),
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, Array.Empty<byte>())),
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, new byte[CoseHeader.MaxCertificate + 1])),
        new CborMap((1, -8), (3, Type), (4, KeyId), (33, new CborArray(Enumerable.Repeat((CborValue)new byte[] { 1 }, CoseHeader.MaxCertificates + 1)))),
    };

    /// <summary>Each is well signed: what is refused is the form.</summary>
    [Theory]
    [MemberData(nameof(BadHeaders), DisableDiscoveryEnumeration = true)]
    public void Parse_HeaderOfAnotherForm_IsRefused(CborMap header)
    {
        byte[] encoded = header.Encode();
        byte[] message = Message(encoded, _party.Sign(CoseSign1.ToBeSigned(encoded, Payload, [])));
        ErrorAssert.Throws(CoseErrors.Malformed, () => CoseSign1.Parse(message));
    }

    [Fact]
    public void Parse_HeaderNotCanonical_IsRefused()
    {
        byte[] header = [.. Header((long)CoseAlgorithm.EdDsa).Encode()];
        byte[] longer = [0xb8, 0x03, .. header[1..]];
        ErrorAssert.Throws(CborErrors.NotCanonical, () => CoseSign1.Parse(Message(longer, new byte[64])));
    }

    [Fact]
    public void Parse_MessageOfAnotherForm_IsRefused()
    {
        CborValue header = Header((long)CoseAlgorithm.EdDsa).Encode();
        CborValue signature = new byte[64];
        CborValue[] messages =
        [
            new CborArray(header, new CborMap(), Payload, signature), // no tag
            new CborTagged(17, new CborArray(header, new CborMap(), Payload, signature)), // COSE_Mac0
            new CborTagged(18, new CborTagged(18, new CborArray(header, new CborMap(), Payload, signature))),
            new CborTagged(18, new CborArray(header, new CborMap((4, KeyId)), Payload, signature)), // an unprotected header
            new CborTagged(18, new CborArray(header, new CborMap(), CborValue.Null, signature)), // a detached payload
            new CborTagged(18, new CborArray(header, new CborMap(), Payload)),
            new CborTagged(18, new CborArray(header, new CborMap(), Payload, signature, signature)),
            new CborTagged(18, new CborArray(new CborMap(), new CborMap(), Payload, signature)),
            new CborTagged(18, new CborArray(Array.Empty<byte>(), new CborMap(), Payload, signature)),
        ];
        Assert.All(messages, message => Assert.Throws<OrchestratorException>(() => CoseSign1.Parse(message.Encode())));
    }

    [Fact]
    public void Sign_HeaderOverLimit_Throws()
    {
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(_party, "", KeyId, Payload));
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(_party, Type, ReadOnlyMemory<byte>.Empty, Payload));
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(_party, Type, new byte[CoseHeader.MaxKeyId + 1], Payload));
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(_device, Type, KeyId, [new byte[CoseHeader.MaxCertificate + 1]], Payload));
    }

    public void Dispose()
    {
        _party.Dispose();
        _device.Dispose();
    }

    private static CborMap Header(long algorithm) => new((1, algorithm), (3, Type), (4, KeyId));

    private static byte[] Message(byte[] header, byte[] signature) =>
        new CborTagged(18, new CborArray(header, new CborMap(), Payload, signature)).Encode();

    private bool RefusesParty(byte[] message) => Refuses(message, parsed => parsed.TryVerify(_party.VerificationKey, Type, out _));

    private bool RefusesDevice(byte[] message) => Refuses(message, parsed => parsed.TryVerify(_device, Type, out _));

    private static bool Refuses(byte[] message, Func<CoseSign1, bool> verify)
    {
        try
        {
            return !verify(CoseSign1.Parse(message));
        }
        catch (OrchestratorException e)
        {
            return e.Code.Class == ErrorClass.Input;
        }
    }
}
