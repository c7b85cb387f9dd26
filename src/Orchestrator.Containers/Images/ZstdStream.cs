using System.Runtime.InteropServices;
using Orchestrator.Containers.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>Unpacks zstd (RFC 8878) with libzstd: frames one behind the other, with windows up to <see cref="ImageLimits.MaxZstdWindowLog"/>.</summary>
internal sealed class ZstdStream : ForwardStream
{
    private const int WindowLogMax = 100;

    private readonly Stream _source;
    private readonly Context _context;
    private readonly byte[] _input = new byte[1 << 17];
    private int _start;
    private int _end;
    private bool _inFrame;

    /// <summary>Unpacks a stream, which stays open.</summary>
    public ZstdStream(Stream source)
    {
        _source = source;
        try
        {
            _context = Native.Create();
            Check(Native.SetParameter(_context, WindowLogMax, ImageLimits.MaxZstdWindowLog));
        }
        catch (DllNotFoundException e)
        {
            throw new OrchestratorException(ImageErrors.NoZstd, "libzstd.so.1 cannot be loaded.", inner: e);
        }
    }

    public override unsafe int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = _source.Read(_input);
            }

            fixed (byte* input = _input, output = buffer)
            {
                var from = new Native.Buffer { Bytes = (nint)input, Size = (nuint)_end, Position = (nuint)_start };
                var to = new Native.Buffer { Bytes = (nint)output, Size = (nuint)buffer.Length };
                if (_start < _end || _inFrame)
                {
                    nuint hint = Check(Native.Decompress(_context, ref to, ref from));
                    _start = (int)from.Position;
                    _inFrame = hint != 0;
                }

                if (to.Position > 0)
                {
                    return (int)to.Position;
                }
            }

            if (_end == 0)
            {
                return !_inFrame ? 0 : throw new InvalidDataException("it ends in the middle of a frame");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        _context.Dispose();
        base.Dispose(disposing);
    }

    private static nuint Check(nuint result) => Native.IsError(result) == 0
        ? result
        : throw new InvalidDataException(Marshal.PtrToStringUTF8(Native.ErrorName(result)));

    private sealed class Context() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => Native.Free(handle) == 0;
    }

    private static class Native
    {
        private const string Library = "libzstd.so.1";

        [StructLayout(LayoutKind.Sequential)]
        public struct Buffer
        {
            public nint Bytes;
            public nuint Size;
            public nuint Position;
        }

        [DllImport(Library, EntryPoint = "ZSTD_createDCtx")]
        public static extern Context Create();

        [DllImport(Library, EntryPoint = "ZSTD_freeDCtx")]
        public static extern nuint Free(nint context);

        [DllImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
        public static extern nuint SetParameter(Context context, int parameter, int value);

        [DllImport(Library, EntryPoint = "ZSTD_decompressStream")]
        public static extern nuint Decompress(Context context, ref Buffer output, ref Buffer input);

        [DllImport(Library, EntryPoint = "ZSTD_isError")]
        public static extern uint IsError(nuint code);

        [DllImport(Library, EntryPoint = "ZSTD_getErrorName")]
        public static extern nint ErrorName(nuint code);
    }
}
