using System.Security.Cryptography;
using Google.Protobuf;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;

namespace Orchestrator.Attack.Attacks;

/// <summary>Takes signed messages apart and puts them together again, with no regard for the signature.</summary>
internal sealed record SignedParts(ByteString Header, ByteString Payload, ByteString Signature)
{
    private const ulong Sign1 = 18;

    public static SignedParts Of(ByteString message)
    {
        var tagged = (CborTagged)CborValue.Decode(message.Memory);
        ByteString Part(int index) => ByteString.CopyFrom(((CborBytes)((CborArray)tagged.Content).Items[index]).Value.Span);
        return new SignedParts(Part(0), Part(2), Part(3));
    }

    public ByteString Join() => ByteString.CopyFrom(new CborTagged(Sign1, new CborArray(Header.Memory, new CborMap(), Payload.Memory, Signature.Memory)).Encode());

    /// <summary>The quote's claims.</summary>
    public Quote Claims() => Quote.FromCbor(CborValue.Decode(Payload.Memory).As("quote"));

    /// <summary>The same message with other claims, and the old signature.</summary>
    public SignedParts WithClaims(Func<Quote, Quote> alter) => this with { Payload = ByteString.CopyFrom(alter(Claims()).ToCbor().Encode()) };

    /// <summary>The same message signed by a key that the host made itself.</summary>
    public ByteString SignedAnew()
    {
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        CoseHeader header = CoseSign1.Parse(Join().Memory).Header;
        return ByteString.CopyFrom(CoseSign1.Sign(own, header.ContentType, header.KeyId, header.Certificates, Payload.Span));
    }
}
