using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using Orchestrator.Attestation.X509;

namespace Orchestrator.Attestation.Snp;

/// <summary>
/// A COSE_Sign1 message (RFC 9052) as publishers of utility VMs and policy fragments write it: chain, issuer and feed in the protected header, at
/// most a time stamp outside. The bytes under the signature are those received.
/// </summary>
internal sealed record EndorsementMessage
{
    private const int MaxBytes = 1 << 20;
    private const int MaxCertificates = 8;

    private readonly ReadOnlyMemory<byte> _protectedHeader;
    private readonly long _algorithm;

    private EndorsementMessage(ReadOnlyMemory<byte> protectedHeader, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> signature)
    {
        _protectedHeader = protectedHeader;
        Payload = payload;
        Signature = signature;
        var reader = new CborReader(protectedHeader);
        var seen = new HashSet<object>();
        for (int left = reader.ReadStartMap() ?? throw new CborContentException("a map has no length"); left > 0; left--)
        {
            object label = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : reader.ReadInt64();
            if (!seen.Add(label))
            {
                throw new CborContentException($"the header {label} stands twice");
            }

            switch (label)
            {
                case 1L: _algorithm = reader.ReadInt64(); break;
                case 3L: ContentType = reader.ReadTextString(); break;
                case 33L: Certificates = ReadCertificates(reader); break;
                case "iss": Issuer = reader.ReadTextString(); break;
                case "feed": Feed = reader.ReadTextString(); break;
                case 2L: throw new CborContentException("it has critical headers, none of which is known");
                default: reader.SkipValue(); break;
            }
        }

        reader.ReadEndMap();
        RequireEnd(reader);
    }

    /// <summary>What the payload is, or empty.</summary>
    public string ContentType { get; } = "";

    /// <summary>The signer's chain in DER, its own certificate first.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Certificates { get; } = [];

    /// <summary>Who says that they signed.</summary>
    public string Issuer { get; } = "";

    /// <summary>What of theirs it is.</summary>
    public string Feed { get; } = "";

    /// <summary>RFC 3161 token over <see cref="Signature"/>, or null.</summary>
    public ReadOnlyMemory<byte>? TimeStamp { get; private init; }

    /// <summary>What is signed.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The signature.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Takes a message apart.</summary>
    /// <exception cref="CborContentException">It is not one.</exception>
    /// <exception cref="InvalidOperationException">It is not one.</exception>
    public static EndorsementMessage Parse(ReadOnlyMemory<byte> message)
    {
        if (message.Length > MaxBytes)
        {
            throw new CborContentException($"it has more than {MaxBytes} bytes");
        }

        var reader = new CborReader(message);
        if (reader.ReadTag() != (CborTag)18 || reader.ReadStartArray() != 4)
        {
            throw new CborContentException("it is not tag 18 over four items");
        }

        byte[] header = reader.ReadByteString();
        ReadOnlyMemory<byte>? stamp = ReadTimeStamp(reader);
        var endorsement = new EndorsementMessage(header, reader.ReadByteString(), reader.ReadByteString()) { TimeStamp = stamp };
        reader.ReadEndArray();
        RequireEnd(reader);
        return endorsement;
    }

    /// <summary>Whether the key of <paramref name="signer"/> made the signature; false also for algorithms that are not known.</summary>
    public bool IsSignedBy(SignedCertificate signer)
    {
        byte[] signed = ToBeSigned();
        using RSA? rsa = signer.RsaKey();
        using ECDsa? ec = signer.EcKey();
        return _algorithm switch
        {
            -37 => VerifyPss(HashAlgorithmName.SHA256),
            -38 => VerifyPss(HashAlgorithmName.SHA384),
            -39 => VerifyPss(HashAlgorithmName.SHA512),
            -7 => VerifyCurve(256, HashAlgorithmName.SHA256),
            -35 => VerifyCurve(384, HashAlgorithmName.SHA384),
            -36 => VerifyCurve(521, HashAlgorithmName.SHA512),
            _ => false,
        };

        bool VerifyPss(HashAlgorithmName hash) => rsa?.VerifyData(signed, Signature.Span, hash, RSASignaturePadding.Pss) == true;

        bool VerifyCurve(int size, HashAlgorithmName hash) =>
            ec?.KeySize == size && ec.VerifyData(signed, Signature.Span, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private byte[] ToBeSigned()
    {
        var writer = new CborWriter();
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(_protectedHeader.Span);
        writer.WriteByteString([]);
        writer.WriteByteString(Payload.Span);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static ImmutableArray<ReadOnlyMemory<byte>> ReadCertificates(CborReader reader)
    {
        if (reader.PeekState() == CborReaderState.ByteString)
        {
            return [reader.ReadByteString()];
        }

        int count = reader.ReadStartArray() is { } length and <= MaxCertificates ? length : throw new CborContentException($"the chain is longer than {MaxCertificates}");
        var certificates = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        for (int i = 0; i < count; i++)
        {
            certificates.Add(reader.ReadByteString());
        }

        reader.ReadEndArray();
        return certificates.ToImmutable();
    }

    // What stands outside the signature can be anybody's: only a token that proves itself may.
    private static ReadOnlyMemory<byte>? ReadTimeStamp(CborReader reader)
    {
        ReadOnlyMemory<byte>? stamp = null;
        int? entries = reader.ReadStartMap();
        if (entries == 1 && reader.ReadTextString() == "timestamp")
        {
            stamp = reader.ReadByteString();
        }
        else if (entries != 0)
        {
            throw new CborContentException("there is something outside the signature besides a time stamp");
        }

        reader.ReadEndMap();
        return stamp;
    }

    private static void RequireEnd(CborReader reader)
    {
        if (reader.BytesRemaining > 0)
        {
            throw new CborContentException("something follows its end");
        }
    }
}
