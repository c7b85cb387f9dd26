using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Crypto.Streams;

/// <summary>A file, or its rest from some offset on, as plaintext. Does not own the file.</summary>
public sealed class PlaintextFile : IPlaintextFile
{
    private readonly SafeFileHandle _file;
    private readonly long _start;

    /// <summary>Takes a file as it is now.</summary>
    /// <param name="file">Open for reading, seekable.</param>
    /// <param name="start">Where the plaintext begins, in bytes.</param>
    /// <param name="length">Bytes of plaintext; <see langword="null"/> stands for all that follow.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PlaintextFile(SafeFileHandle file, long start = 0, long? length = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _start = start;
        Length = length ?? RandomAccess.GetLength(file) - start;
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    /// <exception cref="EndOfStreamException">The file has become shorter.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_file, destination, _start + offset);
            if (count == 0)
            {
                throw new EndOfStreamException("The file has become shorter while it was read.");
            }

            offset += count;
            destination = destination[count..];
        }
    }
}
