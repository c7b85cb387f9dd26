using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;

namespace Orchestrator.Crypto.Cbor;

/// <summary>An array (major type 4).</summary>
public sealed class CborArray(ImmutableArray<CborValue> items) : CborValue
{
    /// <summary>Creates an array of <paramref name="items"/>.</summary>
    public CborArray(params IEnumerable<CborValue> items)
        : this(items.ToImmutableArray())
    {
    }

    /// <summary>The items in order.</summary>
    public ImmutableArray<CborValue> Items { get; } = items;

    /// <inheritdoc/>
    public override void Erase()
    {
        foreach (CborValue item in Items)
        {
            item.Erase();
        }
    }

    internal override int MaxSize => MaxHeadSize + Items.Sum(item => item.MaxSize);

    internal override void WriteTo(CborWriter writer)
    {
        writer.WriteStartArray(Items.Length);
        foreach (CborValue item in Items)
        {
            item.WriteTo(writer);
        }

        writer.WriteEndArray();
    }
}

/// <summary>A map (major type 5) whose keys are integers and texts, none twice.</summary>
public sealed class CborMap : CborValue
{
    private readonly ImmutableArray<KeyValuePair<byte[], CborValue>> _sorted;

    /// <summary>Creates a map from <paramref name="entries"/>, given in any order.</summary>
    /// <exception cref="ArgumentException">A key occurs twice, or is neither an integer nor a text.</exception>
    public CborMap(params IEnumerable<(CborValue Key, CborValue Value)> entries)
    {
        var sorted = new SortedList<byte[], (CborValue Key, CborValue Value)>(BytewiseOrder.Instance);
        foreach ((CborValue key, CborValue value) in entries)
        {
            if (key is not (CborInt or CborText))
            {
                throw new ArgumentException("A map's key is an integer or a text.", nameof(entries));
            }

            sorted.Add(key.Encode(), (key, value));
        }

        Entries = [.. sorted.Values];
        _sorted = [.. sorted.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Value))];
    }

    /// <summary>A map with text keys; an entry whose value is a C# <see langword="null"/> is left out (CBOR's null is <see cref="CborValue.Null"/>).</summary>
    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static CborMap Of(params IEnumerable<(string Key, CborValue? Value)> entries) =>
        new(entries.Where(entry => entry.Value is not null).Select(entry => ((CborValue)entry.Key, entry.Value!)));

    /// <summary>The entries in order of their keys' encodings.</summary>
    public ImmutableArray<(CborValue Key, CborValue Value)> Entries { get; }

    /// <inheritdoc/>
    public override void Erase()
    {
        foreach ((_, CborValue value) in Entries)
        {
            value.Erase();
        }
    }

    /// <summary>Looks a key up.</summary>
    public bool TryGet(CborValue key, [MaybeNullWhen(false)] out CborValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        int index = _sorted.BinarySearch(KeyValuePair.Create(key.Encode(), CborValue.Null), EntryOrder.Instance);
        value = index < 0 ? null : _sorted[index].Value;
        return index >= 0;
    }

    internal override int MaxSize => MaxHeadSize + _sorted.Sum(entry => entry.Key.Length + entry.Value.MaxSize);

    internal override void WriteTo(CborWriter writer)
    {
        writer.WriteStartMap(_sorted.Length);
        foreach ((byte[] key, CborValue value) in _sorted)
        {
            writer.WriteEncodedValue(key);
            value.WriteTo(writer);
        }

        writer.WriteEndMap();
    }

    private sealed class BytewiseOrder : IComparer<byte[]>
    {
        public static readonly BytewiseOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }

    private sealed class EntryOrder : IComparer<KeyValuePair<byte[], CborValue>>
    {
        public static readonly EntryOrder Instance = new();

        public int Compare(KeyValuePair<byte[], CborValue> x, KeyValuePair<byte[], CborValue> y) => BytewiseOrder.Instance.Compare(x.Key, y.Key);
    }
}

/// <summary>A tagged item (major type 6), for COSE.</summary>
public sealed class CborTagged(ulong tag, CborValue content) : CborValue
{
    /// <summary>The tag's number.</summary>
    public ulong Tag { get; } = tag;

    /// <summary>The item that the tag is about.</summary>
    public CborValue Content { get; } = content;

    /// <inheritdoc/>
    public override void Erase() => Content.Erase();

    internal override int MaxSize => MaxHeadSize + Content.MaxSize;

    internal override void WriteTo(CborWriter writer)
    {
        writer.WriteTag((CborTag)Tag);
        Content.WriteTo(writer);
    }
}
