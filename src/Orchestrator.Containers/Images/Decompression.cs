using System.IO.Compression;
using Orchestrator.Containers.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>How a layer or archive is packed.</summary>
internal enum Compression
{
    None,
    Gzip,
    Zstd,
}

/// <summary>Unpacks layers, and refuses what unpacks to absurdly much.</summary>
internal static class Decompression
{
    /// <summary>What a file's first bytes say; its position is at the start afterwards.</summary>
    public static Compression Recognize(Stream file)
    {
        byte[] start = new byte[4];
        file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (file.CanSeek)
        {
            file.Position = 0;
        }

        return start switch
        {
            [0x1F, 0x8B, ..] => Compression.Gzip,
            [0x28, 0xB5, 0x2F, 0xFD] or [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18] => Compression.Zstd, // The latter is a frame to skip, which some packers begin with.
            [0xFD, (byte)'7', (byte)'z', (byte)'X'] => throw Unread("xz"),
            [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9'] => throw Unread("bzip2"),
            _ => Compression.None,
        };
    }

    /// <summary>Unpacks a blob.</summary>
    /// <param name="blob">From its start; stays open.</param>
    /// <param name="compression">How it is packed.</param>
    /// <param name="allowance">Of the image that it belongs to.</param>
    public static Stream Open(Stream blob, Compression compression, UnpackAllowance allowance)
    {
        Stream unpacked = compression switch
        {
            Compression.Gzip => new GZipStream(blob, CompressionMode.Decompress, leaveOpen: true),
            Compression.Zstd => new ZstdStream(blob),
            _ => blob,
        };
        return new Bounded(unpacked, allowance, owns: compression != Compression.None);
    }

    private static OrchestratorException Unread(string packer) => new(ImageErrors.MediaType, $"It is packed with {packer}; gzip and zstd are read.");

    /// <summary>Counts what comes out, and names failures.</summary>
    private sealed class Bounded(Stream source, UnpackAllowance allowance, bool owns) : ForwardStream
    {
        private long _count;

        public override int Read(Span<byte> buffer)
        {
            int read;
            try
            {
                read = source.Read(buffer);
            }
            catch (InvalidDataException e)
            {
                throw new OrchestratorException(ImageErrors.Compression, $"It cannot be unpacked beyond byte {_count}: {e.Message.TrimEnd('.')}.", inner: e);
            }

            _count += read;
            if (_count > LayerLimits.MaxBytes)
            {
                throw new OrchestratorException(LayerErrors.TooLarge, $"It unpacks to more than {LayerLimits.MaxBytes} bytes.");
            }

            allowance.Take(read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (owns)
            {
                source.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
