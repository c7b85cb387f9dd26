using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Orchestrator.Crypto.IO;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>
/// One array in NumPy's format (numpy.org, "NEP 1: A simple file format for NumPy arrays"), versions 1 to 3, read forward element by
/// element. C order; little-endian floats of 2, 4 or 8 bytes, integers of 1 to 8 bytes, truth values. Objects and structures are refused.
/// </summary>
internal sealed partial class NpyArray : IDisposable
{
    private const int MaxHeaderSize = 1 << 16;
    private const int MaxDimensions = 32;
    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    private readonly Stream _file;
    private readonly string _name;
    private readonly Func<ReadOnlySpan<byte>, Number> _read;
    private readonly int _elementSize;
    private readonly ElementType? _same;
    private readonly uint? _expected;
    private uint _checksum;
    private byte[] _row = [];

    /// <summary>Reads the header.</summary>
    /// <param name="file">Positioned at the magic; disposed with this.</param>
    /// <param name="name">What messages call the array.</param>
    /// <param name="checksum">The CRC-32 of the whole, which <see cref="RequireEnd"/> compares.</param>
    public NpyArray(Stream file, string name, uint? checksum = null)
    {
        _expected = checksum;
        _file = new BufferedStream(file, 1 << 16);
        _name = name;
        var header = HeaderPattern().Match(ReadHeader());
        if (!header.Success)
        {
            throw Failure(DataErrors.Damaged, "has a header that is not NumPy's");
        }

        if (header.Groups["fortran"].Value == "True")
        {
            throw Failure(DataErrors.Unsupported, "is in Fortran order; save numpy.ascontiguousarray of it");
        }

        var type = header.Groups["descr"].Value;
        (_elementSize, _read) = Decoder(type);
        _same = type switch
        {
            "<f4" => ElementType.F32,
            "<i8" => ElementType.I64,
            "|u1" or "<u1" => ElementType.U8,
            _ => null,
        };
        Shape = ReadShape(header.Groups["shape"].Value);
    }

    /// <summary>The array's extents.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Where in the file the elements begin, in bytes.</summary>
    public long Start { get; private set; }

    /// <summary>Whether the file's elements are, byte for byte, those of a record.</summary>
    public bool Holds(ElementType type) => _same == type;

    /// <summary>Whether none of some f4 is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreFinite(ReadOnlySpan<byte> floats)
    {
        const uint Exponent = 0x7F80_0000;
        var words = MemoryMarshal.Cast<byte, uint>(floats);
        for (; words.Length >= Vector<uint>.Count; words = words[Vector<uint>.Count..])
        {
            if (Vector.EqualsAny(new Vector<uint>(words) & new Vector<uint>(Exponent), new Vector<uint>(Exponent)))
            {
                return false;
            }
        }

        return words.IndexOfAnyInRange(Exponent, Exponent | 0x007F_FFFF) < 0 && words.IndexOfAnyInRange(0xFF80_0000, uint.MaxValue) < 0;
    }

    /// <summary>Reads the next <paramref name="count"/> elements.</summary>
    /// <returns>The elements as the file holds them; good until the next call.</returns>
    public Elements Read(int count)
    {
        var size = count * _elementSize;
        if (_row.Length != size)
        {
            _row = new byte[size];
        }

        if (!TryFill(_row))
        {
            throw Failure(DataErrors.Damaged, "ends before its last element");
        }

        return new Elements(this, _row);
    }

    /// <summary>Makes sure that all elements were read, and that they are those that were written.</summary>
    public void RequireEnd()
    {
        if (_file.ReadByte() >= 0)
        {
            throw Failure(DataErrors.Damaged, "goes on after its last element");
        }

        if (_expected is { } checksum && checksum != _checksum)
        {
            throw Failure(DataErrors.Damaged, "has another checksum than the archive says");
        }
    }

    public void Dispose() => _file.Dispose();

    public OrchestratorException Failure(ErrorCode code, string finding) => new(code, $"The array {_name} {finding}.");

    private string ReadHeader()
    {
        Span<byte> start = stackalloc byte[Magic.Length + 2];
        if (!TryFill(start) || !start.StartsWith(Magic))
        {
            throw Failure(DataErrors.Format, "is not in NumPy's .npy format");
        }

        var version = start[Magic.Length];
        if (version is < 1 or > 3)
        {
            throw Failure(DataErrors.Unsupported, $"has format version {version}; versions 1 to 3 are read");
        }

        Span<byte> length = stackalloc byte[version == 1 ? sizeof(ushort) : sizeof(uint)];
        Fill(length);
        var size = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (size > MaxHeaderSize)
        {
            throw Failure(DataErrors.TooLarge, $"has a header of {size} bytes; at most {MaxHeaderSize} are read");
        }

        var header = new byte[size];
        Fill(header);
        Start = start.Length + length.Length + header.Length;
        return Encoding.UTF8.GetString(header);
    }

    private bool TryFill(Span<byte> bytes)
    {
        if (_file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            return false;
        }

        if (_expected is not null)
        {
            _checksum = Crc32.Of(bytes, _checksum);
        }

        return true;
    }

    private void Fill(Span<byte> bytes)
    {
        if (!TryFill(bytes))
        {
            throw Failure(DataErrors.Damaged, "ends within its header");
        }
    }

    private long[] ReadShape(string text)
    {
        string[] extents = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (extents.Length > MaxDimensions)
        {
            throw Failure(DataErrors.TooLarge, $"has more than {MaxDimensions} dimensions");
        }

        return [.. extents.Select(extent => long.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Failure(DataErrors.TooLarge, "has an extent above 2^63"))];
    }

    private (int Size, Func<ReadOnlySpan<byte>, Number> Read) Decoder(string type) => type switch
    {
        "|b1" or "|u1" or "<u1" => (1, bytes => new Number(bytes[0])),
        "|i1" or "<i1" => (1, bytes => new Number(unchecked((sbyte)bytes[0]))),
        "<i2" => (2, bytes => new Number(BinaryPrimitives.ReadInt16LittleEndian(bytes))),
        "<u2" => (2, bytes => new Number(BinaryPrimitives.ReadUInt16LittleEndian(bytes))),
        "<i4" => (4, bytes => new Number(BinaryPrimitives.ReadInt32LittleEndian(bytes))),
        "<u4" => (4, bytes => new Number(BinaryPrimitives.ReadUInt32LittleEndian(bytes))),
        "<i8" => (8, bytes => new Number(BinaryPrimitives.ReadInt64LittleEndian(bytes))),
        "<f2" => (2, bytes => new Number((double)BinaryPrimitives.ReadHalfLittleEndian(bytes))),
        "<f4" => (4, bytes => new Number((double)BinaryPrimitives.ReadSingleLittleEndian(bytes))),
        "<f8" => (8, bytes => new Number(BinaryPrimitives.ReadDoubleLittleEndian(bytes))),
        _ => throw Failure(DataErrors.Unsupported, "has an element type other than little-endian f2, f4, f8, i1 to i8, u1 to u4, b1"),
    };

    // A Python dict literal as numpy.save writes it: keys in this order, then padding.
    [GeneratedRegex(
        @"\A\{'descr': '(?<descr>[<>|=]?[a-zA-Z][0-9]*)', 'fortran_order': (?<fortran>True|False), 'shape': \((?<shape>[0-9, ]*)\), ?\}\s*\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex HeaderPattern();

    /// <summary>Some elements of one array, in the file's encoding.</summary>
    internal readonly ref struct Elements(NpyArray array, ReadOnlySpan<byte> bytes)
    {
        private readonly NpyArray _array = array;
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Count => _bytes.Length / _array._elementSize;

        public Number this[int index] => _array._read(_bytes.Slice(index * _array._elementSize, _array._elementSize));

        public Elements this[Range range]
        {
            get
            {
                var (first, count) = range.GetOffsetAndLength(Count);
                return new Elements(_array, _bytes.Slice(first * _array._elementSize, count * _array._elementSize));
            }
        }

        /// <summary>Copies all elements to a record of <paramref name="type"/> if that holds them as the file does, and all are numbers.</summary>
        public bool TryCopyTo(Span<byte> record, ElementType type)
        {
            if (!_array.Holds(type))
            {
                return false;
            }

            _bytes.CopyTo(record);
            return type != ElementType.F32 || AreFinite(_bytes);
        }
    }

    /// <summary>An element, as a whole number if its type is one.</summary>
    internal readonly struct Number
    {
        public Number(long whole)
        {
            Whole = whole;
        }

        public Number(double real)
        {
            Real = real;
            IsReal = true;
        }

        public bool IsReal { get; }

        public long Whole { get; }

        public double Real { get; }
    }
}
