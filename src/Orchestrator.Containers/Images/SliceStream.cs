using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Containers.Images;

/// <summary>A part of a file, read from its start to its end.</summary>
internal sealed class SliceStream(SafeFileHandle file, long start, long length) : ForwardStream
{
    private long _done;

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, length - _done)], start + _done);
        _done += read;
        return read;
    }
}
