using System.Buffers.Binary;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Programs.Pickles;

/// <summary>The bytes of a pickle, from the front.</summary>
internal sealed class PickleBytes(ReadOnlyMemory<byte> bytes, string path)
{
    private const int MaxNameBytes = 4096;

    private int _next;

    public int Position => _next;

    public bool IsAtEnd => _next == bytes.Length;

    public OrchestratorException Refused(string why) => new(ProgramErrors.PickleRefused, $"{path}, byte {_next}: {why}");

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || bytes.Length - _next < count)
        {
            throw Refused("the pickle ends in the middle of a value");
        }

        _next += count;
        return bytes.Span.Slice(_next - count, count);
    }

    public byte TakeByte() => Take(1)[0];

    public int TakeUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int TakeInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long TakeInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double TakeDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public string TakeText()
    {
        var length = TakeInt32();
        return length > ProgramLimits.MaxTextBytes
            ? throw Refused($"a text has {length} bytes; the limit is {ProgramLimits.MaxTextBytes}")
            : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>A line of identifiers and dots.</summary>
    public string TakeName()
    {
        var rest = bytes.Span[_next..];
        var length = rest[..Math.Min(rest.Length, MaxNameBytes)].IndexOf((byte)'\n');
        if (length <= 0)
        {
            throw Refused("a name is empty, unfinished or too long");
        }

        var name = Encoding.Latin1.GetString(Take(length));
        Take(1);
        return name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.') ? name : throw Refused("a name is no identifier");
    }
}
