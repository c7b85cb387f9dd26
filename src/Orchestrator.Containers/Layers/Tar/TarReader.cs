using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers.Tar;

/// <summary>
/// Reads a tar archive from front to end: ustar, pax, GNU and the old form. Where tools would read an archive differently, it is refused:
/// see docs/spec/layer-image.md.
/// </summary>
/// <param name="archive">From its first byte; not closed.</param>
/// <param name="maxEntries">Entries, long names and pax headers included.</param>
internal sealed class TarReader(Stream archive, int maxEntries = LayerLimits.MaxEntries)
{
    private readonly byte[] _block = new byte[TarHeader.Size];
    private long _position;
    private long _rest;
    private int _padding;
    private int _entries;

    /// <summary>Where the current entry's content begins in the archive.</summary>
    public long ContentPosition { get; private set; }

    /// <summary>The next entry; what is left of the last one's content is skipped. Null at the end, which is checked to be one.</summary>
    public TarEntry? Next()
    {
        SkipContent();
        var pax = PaxRecords.None;
        string? longName = null;
        string? longTarget = null;
        while (ReadHeader())
        {
            TarHeader header = TarHeader.Read(_block, _position - TarHeader.Size);
            switch (header.TypeFlag)
            {
                case 'x' when ReferenceEquals(pax, PaxRecords.None):
                    pax = PaxRecords.Parse(ReadMeta(header));
                    break;
                case 'g':
                    RefuseEffect(PaxRecords.Parse(ReadMeta(header)));
                    break;
                case 'L' when longName is null:
                    longName = LongText(header);
                    break;
                case 'K' when longTarget is null:
                    longTarget = LongText(header);
                    break;
                case 'x' or 'L' or 'K':
                    throw header.Malformed("a second header of its kind describes one entry");
                default:
                    return Describe(header, pax, longName, longTarget);
            }
        }

        return ReferenceEquals(pax, PaxRecords.None) && longName is null && longTarget is null
            ? null
            : throw new OrchestratorException(LayerErrors.Malformed, "The archive ends behind a header that describes another entry.");
    }

    /// <summary>Reads of the current entry's content.</summary>
    /// <returns>Bytes read; 0 at its end.</returns>
    public int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, _rest);
        if (count == 0)
        {
            return 0;
        }

        int read = archive.Read(buffer[..count]);
        if (read == 0)
        {
            throw Truncated();
        }

        _rest -= read;
        _position += read;
        return read;
    }

    /// <summary>The whole of the current entry's content, which the caller knows to be short.</summary>
    public byte[] ReadAll()
    {
        byte[] content = new byte[_rest];
        for (int done = 0; done < content.Length;)
        {
            done += Read(content.AsSpan(done));
        }

        return content;
    }

    private TarEntry Describe(TarHeader header, PaxRecords pax, string? longName, string? longTarget)
    {
        string? paxName = pax.Text("path");
        string? paxTarget = pax.Text("linkpath");
        if ((paxName is not null && longName is not null) || (paxTarget is not null && longTarget is not null))
        {
            throw header.Malformed("a pax header and a GNU header name one entry");
        }

        if (pax.Text("hdrcharset") is { } charset && charset is not ("ISO-IR 10646 2000 UTF-8" or "BINARY"))
        {
            throw header.Malformed($"its names are in the character set {charset}");
        }

        string name = paxName ?? longName ?? header.Name;
        long size = SizeOf(header, pax);
        var metadata = new TarMetadata(header.Mode, Owner(header, pax.Number("uid") ?? header.Uid), Owner(header, pax.Number("gid") ?? header.Gid), pax.Modified ?? new TarTime(header.Modified, 0))
        {
            Attributes = pax.Attributes(),
        };
        Begin(size);
        return new TarEntry(pax.IsSparse ? TarEntryKind.Sparse : KindOf(header.TypeFlag, name), name, paxTarget ?? longTarget ?? header.LinkName, size, metadata, header.TypeFlag);
    }

    // A header that says another length than its pax records hides entries from the tools that read the one or the other.
    private static long SizeOf(TarHeader header, PaxRecords pax)
    {
        long size = header.ContentSize;
        if (pax.Number("size") is not { } written)
        {
            return size;
        }

        return written is >= 0 and <= LayerLimits.MaxBytes && (size == 0 || size == written)
            ? written
            : throw header.Malformed($"its size is {size} and, in the pax header, {written}");
    }

    private static uint Owner(TarHeader header, long number) =>
        number is >= 0 and < uint.MaxValue ? (uint)number : throw header.Malformed($"its owner {number} is no number of 32 bits");

    private static TarEntryKind KindOf(char flag, string name) => flag switch
    {
        '\0' when name.EndsWith('/') => TarEntryKind.Folder,
        '0' or '\0' => TarEntryKind.File,
        '1' => TarEntryKind.HardLink,
        '2' => TarEntryKind.SymbolicLink,
        '3' => TarEntryKind.CharacterDevice,
        '4' => TarEntryKind.BlockDevice,
        '5' => TarEntryKind.Folder,
        '6' => TarEntryKind.Fifo,
        'S' => TarEntryKind.Sparse,
        _ => TarEntryKind.Other,
    };

    private void RefuseEffect(PaxRecords global)
    {
        if (global.HasEffect)
        {
            throw new OrchestratorException(LayerErrors.Malformed, $"The pax header for all entries before byte {_position} changes entries; tools disagree about such headers.");
        }
    }

    private string LongText(TarHeader header)
    {
        byte[] text = ReadMeta(header);
        int end = text.AsSpan().IndexOf((byte)0);
        return end < 0 || !text.AsSpan(end).ContainsAnyExcept((byte)0)
            ? Encoding.Latin1.GetString(text, 0, end < 0 ? text.Length : end)
            : throw new OrchestratorException(LayerErrors.Name, $"The long name before byte {_position} of the archive holds a zero byte.");
    }

    private byte[] ReadMeta(TarHeader header)
    {
        long size = header.ContentSize;
        if (size > LayerLimits.MaxHeader)
        {
            throw header.Malformed($"it describes an entry in {size} bytes, more than {LayerLimits.MaxHeader}");
        }

        Begin(size);
        byte[] content = ReadAll();
        SkipContent();
        return content;
    }

    private void Begin(long size)
    {
        ContentPosition = _position;
        _rest = size;
        _padding = (int)(-size & (TarHeader.Size - 1));
        if (++_entries > maxEntries)
        {
            throw new OrchestratorException(LayerErrors.TooLarge, $"The archive has more than {maxEntries} entries.");
        }
    }

    private void SkipContent()
    {
        if (_rest > 0 && archive.CanSeek)
        {
            SeekOverContent();
        }

        Span<byte> scratch = stackalloc byte[4096];
        while (_rest > 0)
        {
            Read(scratch);
        }

        while (_padding > 0)
        {
            int read = archive.Read(_block.AsSpan(0, _padding));
            if (read == 0)
            {
                throw Truncated();
            }

            _padding -= read;
            _position += read;
        }
    }

    private void SeekOverContent()
    {
        if (archive.Position + _rest > archive.Length)
        {
            throw Truncated();
        }

        archive.Seek(_rest, SeekOrigin.Current);
        _position += _rest;
        _rest = 0;
    }

    /// <summary>Reads a header block; false at the end, behind which there must be nothing but zeros.</summary>
    private bool ReadHeader()
    {
        int read = archive.ReadAtLeast(_block, _block.Length, throwOnEndOfStream: false);
        _position += read;
        if (read == 0)
        {
            return false;
        }

        if (read < _block.Length)
        {
            throw Truncated();
        }

        if (_block.AsSpan().ContainsAnyExcept((byte)0))
        {
            return true;
        }

        RequireZeros();
        return false;
    }

    private void RequireZeros()
    {
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = archive.Read(buffer)) > 0; _position += read)
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                throw new OrchestratorException(LayerErrors.Malformed, $"The archive goes on behind its end, after byte {_position}.");
            }
        }
    }

    private OrchestratorException Truncated() => new(LayerErrors.Malformed, $"The archive ends in the middle, at byte {_position}.");
}
