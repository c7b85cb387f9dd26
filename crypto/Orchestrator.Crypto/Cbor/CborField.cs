using System.Collections.Immutable;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>A value and the place where it was found, such as <c>manifest.parties[2].name</c>: every accessor that fails names it.</summary>
/// <remarks>Accessors throw <see cref="OrchestratorException"/>: <see cref="CborErrors.WrongType"/> or <see cref="CborErrors.OutOfRange"/>.</remarks>
public readonly struct CborField
{
    internal CborField(CborValue value, string path)
    {
        Value = value;
        Path = path;
    }

    /// <summary>The value.</summary>
    public CborValue Value { get; }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Whether the value is CBOR's <c>null</c>.</summary>
    public bool IsNull => Value is CborNull;

    /// <summary>An integer from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public long AsInt64(long min = long.MinValue, long max = long.MaxValue)
    {
        long value = Expect<CborInt>("an integer").Value;
        return value >= min && value <= max ? value : throw OutOfRange($"is {value}, not from {min} to {max}");
    }

    /// <summary>An integer from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public int AsInt32(int min = int.MinValue, int max = int.MaxValue) => (int)AsInt64(min, max);

    /// <summary>A defined value of <typeparamref name="TEnum"/>, encoded as its integer.</summary>
    public TEnum AsEnum<TEnum>()
        where TEnum : struct, Enum
    {
        long number = AsInt64();
        foreach (TEnum value in Enum.GetValues<TEnum>())
        {
            if (Convert.ToInt64(value, null) == number)
            {
                return value;
            }
        }

        throw OutOfRange($"is {number}, which is no {typeof(TEnum).Name}");
    }

    /// <summary>A byte string of at most <paramref name="maxLength"/> bytes.</summary>
    public ReadOnlyMemory<byte> AsBytes(int maxLength)
    {
        ReadOnlyMemory<byte> value = Expect<CborBytes>("a byte string").Value;
        return value.Length <= maxLength ? value : throw OutOfRange($"has {value.Length} bytes, more than {maxLength}");
    }

    /// <summary>A byte string of exactly <paramref name="length"/> bytes.</summary>
    public ReadOnlyMemory<byte> AsFixedBytes(int length)
    {
        ReadOnlyMemory<byte> value = Expect<CborBytes>("a byte string").Value;
        return value.Length == length ? value : throw OutOfRange($"has {value.Length} bytes, not {length}");
    }

    /// <summary>A SHA-256 digest.</summary>
    public Digest AsDigest() => new(AsFixedBytes(Digest.Size).Span);

    /// <summary>A text of at most <paramref name="maxLength"/> UTF-16 units.</summary>
    public string AsText(int maxLength = 1024)
    {
        string value = Expect<CborText>("a text").Value;
        return value.Length <= maxLength ? value : throw OutOfRange($"has {value.Length} characters, more than {maxLength}");
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool AsBool() => Expect<CborBool>("true or false").Value;

    /// <summary>A finite floating-point number; an integer is none.</summary>
    public double AsDouble()
    {
        double value = Expect<CborFloat>("a floating-point number").Value;
        return double.IsFinite(value) ? value : throw OutOfRange("is not finite");
    }

    /// <summary>An array of at most <paramref name="maxCount"/> items.</summary>
    public ImmutableArray<CborField> AsArray(int maxCount = int.MaxValue)
    {
        ImmutableArray<CborValue> items = Expect<CborArray>("an array").Items;
        if (items.Length > maxCount)
        {
            throw OutOfRange($"has {items.Length} items, more than {maxCount}");
        }

        string path = Path;
        return [.. items.Select((item, index) => new CborField(item, $"{path}[{index}]"))];
    }

    /// <summary>Reads a map. A key that <paramref name="read"/> did not ask for is refused after it.</summary>
    /// <exception cref="OrchestratorException">Also <see cref="CborErrors.MissingField"/> or <see cref="CborErrors.UnknownField"/>.</exception>
    public T ReadMap<T>(Func<CborMapReader, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        var reader = new CborMapReader(Expect<CborMap>("a map"), Path);
        T result = read(reader);
        reader.RefuseUnread();
        return result;
    }

    /// <summary>For a reader's own rules about this field.</summary>
    public OrchestratorException OutOfRange(string finding) => new(CborErrors.OutOfRange, $"{Path} {finding}.");

    private T Expect<T>(string kind)
        where T : CborValue =>
        Value as T ?? throw new OrchestratorException(CborErrors.WrongType, $"{Path} is not {kind}.");
}
