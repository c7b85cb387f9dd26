using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;

namespace Orchestrator.Attestation.X509;

/// <summary>
/// A COSE_Sign1 message (RFC 9052) as publishers of utility VMs and policy fragments write it, not verified: chain, issuer and feed in the
/// protected header; a time stamp and receipts of transparency services at most outside. The bytes under the signature are those received.
/// </summary>
internal sealed record SignedStatement
{
    private const int MaxReceipts = 16;

    private SignedStatement(StatementHeader header, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> signature)
    {
        Header = header;
        Payload = payload;
        Signature = signature;
    }

    /// <summary>What is said of the payload, and by whom.</summary>
    public StatementHeader Header { get; }

    /// <summary>RFC 3161 token over <see cref="Signature"/>, or null.</summary>
    public ReadOnlyMemory<byte>? TimeStamp { get; private init; }

    /// <summary>Receipts of transparency services, each a message of its own; nothing of them is under the signature.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Receipts { get; private init; } = [];

    /// <summary>What is signed.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The signature.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Takes a message apart.</summary>
    /// <exception cref="CborContentException">It is not one.</exception>
    /// <exception cref="InvalidOperationException">It is not one.</exception>
    public static SignedStatement Parse(ReadOnlyMemory<byte> message)
    {
        if (message.Length > VerifiedStatement.MaxBytes)
        {
            throw new CborContentException($"it has more than {VerifiedStatement.MaxBytes} bytes");
        }

        var reader = new CborReader(message);
        if (reader.ReadTag() != (CborTag)18 || reader.ReadStartArray() != 4)
        {
            throw new CborContentException("it is not tag 18 over four items");
        }

        StatementHeader header = StatementHeader.Parse(reader.ReadByteString());
        (ReadOnlyMemory<byte>? stamp, ImmutableArray<ReadOnlyMemory<byte>> receipts) = ReadUnprotected(reader);
        var statement = new SignedStatement(header, reader.ReadByteString(), reader.ReadByteString()) { TimeStamp = stamp, Receipts = receipts };
        reader.ReadEndArray();
        return reader.BytesRemaining == 0 ? statement : throw new CborContentException("something follows its end");
    }

    /// <summary>The message as it was signed, with nothing outside the signature.</summary>
    public byte[] Bare()
    {
        var writer = new CborWriter();
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(Header.Bytes.Span);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(Payload.Span);
        writer.WriteByteString(Signature.Span);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>Whether the key of <paramref name="signer"/> made the signature; false also for algorithms that are not known.</summary>
    public bool IsSignedBy(SignedCertificate signer)
    {
        byte[] signed = ToBeSigned();
        using RSA? rsa = signer.RsaKey();
        using ECDsa? ec = signer.EcKey();
        return Header.Algorithm switch
        {
            -37 => VerifyPss(HashAlgorithmName.SHA256),
            -38 => VerifyPss(HashAlgorithmName.SHA384),
            -39 => VerifyPss(HashAlgorithmName.SHA512),
            -7 => VerifyCurve(256, HashAlgorithmName.SHA256),
            -35 => VerifyCurve(384, HashAlgorithmName.SHA384),
            -36 => VerifyCurve(521, HashAlgorithmName.SHA512),
            -8 => signer.EdKey()?.Verify(signed, Signature.Span) == true,
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
        writer.WriteByteString(Header.Bytes.Span);
        writer.WriteByteString([]);
        writer.WriteByteString(Payload.Span);
        writer.WriteEndArray();
        return writer.Encode();
    }

    // What stands outside the signature can be anybody's: only what proves itself may.
    private static (ReadOnlyMemory<byte>? TimeStamp, ImmutableArray<ReadOnlyMemory<byte>> Receipts) ReadUnprotected(CborReader reader)
    {
        ReadOnlyMemory<byte>? stamp = null;
        ImmutableArray<ReadOnlyMemory<byte>>? receipts = null;
        for (int left = reader.ReadStartMap() ?? throw new CborContentException("a map has no length"); left > 0; left--)
        {
            object label = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : reader.ReadInt64();
            switch (label)
            {
                case "timestamp" when stamp is null: stamp = reader.ReadByteString(); break;
                case 394L when receipts is null: receipts = StatementHeader.ReadByteStrings(reader, MaxReceipts, "receipts"); break;
                default: throw new CborContentException("there is something outside the signature besides a time stamp and receipts");
            }
        }

        reader.ReadEndMap();
        return (stamp, receipts ?? []);
    }
}
