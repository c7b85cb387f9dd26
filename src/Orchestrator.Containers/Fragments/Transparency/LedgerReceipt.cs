using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Containers.Fragments.Transparency;

/// <summary>
/// A receipt of a transparency service (RFC 9942), not verified: the service's signature over the root of a Merkle tree, and a path to that root from
/// the statement's digest. The tree is the one of confidential ledgers (profile 2): a leaf is the hash of transaction, evidence and statement.
/// </summary>
public sealed class LedgerReceipt
{
    private const long Profile = 2;
    private const int MaxBytes = 64 * 1024;
    private const int MaxDepth = 64;

    private readonly byte[] _header;
    private readonly byte[] _signature;
    private readonly Leaf _leaf;
    private readonly ImmutableArray<(bool IsLeft, byte[] Hash)> _path;
    private readonly long _algorithm;
    private readonly string _keyId;

    private LedgerReceipt(ReadOnlyMemory<byte> message)
    {
        var reader = new CborReader(message);
        Require(reader.ReadTag() == (CborTag)18 && reader.ReadStartArray() == 4);
        _header = reader.ReadByteString();
        (_algorithm, _keyId, Ledger) = ReadHeader(new CborReader(_header));
        (_leaf, _path) = ReadProof(new CborReader(ReadUnprotected(reader)));
        reader.ReadNull();
        _signature = reader.ReadByteString();
        reader.ReadEndArray();
        Require(reader.BytesRemaining == 0);
    }

    /// <summary>The service that says it gave the receipt.</summary>
    public string Ledger { get; }

    /// <summary>Takes a receipt apart; null: it is not one of this profile.</summary>
    public static LedgerReceipt? TryParse(ReadOnlyMemory<byte> message)
    {
        try
        {
            return message.Length <= MaxBytes ? new LedgerReceipt(message) : null;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Whether one of the service's <paramref name="keys"/> vouches for the statement of this <paramref name="digest"/>, SHA-256.</summary>
    public bool Vouches(ReadOnlySpan<byte> digest, ImmutableArray<LedgerKey> keys)
    {
        if (!_leaf.Statement.AsSpan().SequenceEqual(digest))
        {
            return false;
        }

        byte[] root = _path.Aggregate(_leaf.Hash(), (hash, step) => SHA256.HashData(step.IsLeft ? [.. step.Hash, .. hash] : [.. hash, .. step.Hash]));
        byte[] signed = ToBeSigned(root);
        return keys.Any(key => key.Id == _keyId && key.Verify(_algorithm, signed, _signature));
    }

    private byte[] ToBeSigned(byte[] root)
    {
        var writer = new CborWriter();
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(_header);
        writer.WriteByteString([]);
        writer.WriteByteString(root);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static (long Algorithm, string KeyId, string Ledger) ReadHeader(CborReader reader)
    {
        (long algorithm, string keyId, string ledger, long profile) = (0, "", "", 0);
        ReadMap(reader, label =>
        {
            switch (label)
            {
                case 1L: algorithm = reader.ReadInt64(); break;
                case 2L: throw new CborContentException("it has critical headers");
                case 4L: keyId = Encoding.UTF8.GetString(reader.ReadByteString()); break;
                case 15L: ReadMap(reader, claim => ledger = claim is 1L ? reader.ReadTextString() : Skip(reader, ledger)); break;
                case 395L: profile = reader.ReadInt64(); break;
                default: reader.SkipValue(); break;
            }
        });
        Require(profile == Profile && ledger.Length > 0 && keyId.Length > 0 && reader.BytesRemaining == 0);
        return (algorithm, keyId, ledger);
    }

    // Proofs (396), of these the proofs of inclusion (-1), of these exactly one.
    private static byte[] ReadUnprotected(CborReader reader)
    {
        byte[]? proof = null;
        ReadMap(reader, label =>
        {
            Require(label is 396L);
            ReadMap(reader, kind =>
            {
                Require(kind is -1L && reader.ReadStartArray() == 1);
                proof = reader.ReadByteString();
                reader.ReadEndArray();
            });
        });
        return proof ?? throw new CborContentException("it has no proof");
    }

    private static (Leaf Leaf, ImmutableArray<(bool IsLeft, byte[] Hash)> Path) ReadProof(CborReader reader)
    {
        Leaf? leaf = null;
        ImmutableArray<(bool IsLeft, byte[] Hash)> path = [];
        ReadMap(reader, label =>
        {
            if (label is 1L)
            {
                Require(reader.ReadStartArray() == 3);
                leaf = new Leaf(reader.ReadByteString(), reader.ReadTextString(), reader.ReadByteString());
                reader.ReadEndArray();
            }
            else
            {
                Require(label is 2L);
                path = ReadPath(reader);
            }
        });
        Require(leaf is { Transaction.Length: SHA256.HashSizeInBytes, Statement.Length: SHA256.HashSizeInBytes } && reader.BytesRemaining == 0);
        return (leaf!, path);
    }

    private static ImmutableArray<(bool IsLeft, byte[] Hash)> ReadPath(CborReader reader)
    {
        var path = ImmutableArray.CreateBuilder<(bool IsLeft, byte[] Hash)>();
        int steps = reader.ReadStartArray() is { } length and <= MaxDepth ? length : throw new CborContentException("its path is too long");
        for (int i = 0; i < steps; i++)
        {
            Require(reader.ReadStartArray() == 2);
            path.Add((reader.ReadBoolean(), reader.ReadByteString()));
            Require(path[i].Hash.Length == SHA256.HashSizeInBytes);
            reader.ReadEndArray();
        }

        reader.ReadEndArray();
        return path.ToImmutable();
    }

    private static void ReadMap(CborReader reader, Action<object> readEntry)
    {
        var seen = new HashSet<object>();
        for (int left = reader.ReadStartMap() ?? throw new CborContentException("a map has no length"); left > 0; left--)
        {
            object label = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : reader.ReadInt64();
            Require(seen.Add(label));
            readEntry(label);
        }

        reader.ReadEndMap();
    }

    private static T Skip<T>(CborReader reader, T value)
    {
        reader.SkipValue();
        return value;
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new CborContentException("it is not a receipt of this profile");
        }
    }

    private sealed record Leaf(byte[] Transaction, string Evidence, byte[] Statement)
    {
        public byte[] Hash() => SHA256.HashData([.. Transaction, .. SHA256.HashData(Encoding.UTF8.GetBytes(Evidence)), .. Statement]);
    }
}
