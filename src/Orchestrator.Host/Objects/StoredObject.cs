using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Host.Objects;

/// <summary>A complete object, open for reading at any place by several threads.</summary>
internal sealed class StoredObject : IDisposable
{
    private readonly SafeFileHandle _data;
    private readonly SafeFileHandle _leaves;
    private readonly string _name;

    private StoredObject(string path, string name)
    {
        _name = name;
        _data = File.OpenHandle(path, options: FileOptions.Asynchronous);
        _leaves = File.OpenHandle(ObjectWriter.LeavesOf(path));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        Layout = StreamLayout.Read(stream);
    }

    /// <summary>Where its frames are.</summary>
    public StreamLayout Layout { get; }

    /// <summary>Its size in bytes.</summary>
    public long Size => Layout.TotalLength;

    /// <exception cref="Errors.OrchestratorException">A code of <see cref="StorageErrors"/> or <see cref="StreamErrors"/>.</exception>
    public static StoredObject Open(string path, string name)
    {
        try
        {
            return new StoredObject(path, name);
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, name);
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on, as far as the object goes, and gives the number of bytes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, long offset, CancellationToken cancellationToken)
    {
        try
        {
            int total = 0;
            int count;
            while (total < destination.Length && (count = await RandomAccess.ReadAsync(_data, destination[total..], offset + total, cancellationToken)) > 0)
            {
                total += count;
            }

            return total;
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, _name);
        }
    }

    /// <inheritdoc cref="ReadAsync"/>
    public int Read(Span<byte> destination, long offset)
    {
        try
        {
            int total = 0;
            int count;
            while (total < destination.Length && (count = RandomAccess.Read(_data, destination[total..], offset + total)) > 0)
            {
                total += count;
            }

            return total;
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, _name);
        }
    }

    /// <summary>The leaf hashes of <paramref name="count"/> frames from <paramref name="first"/> on, 32 bytes each.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The object has no such frames.</exception>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public byte[] ReadLeaves(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Layout.FrameCount - count);
        byte[] hashes = new byte[count * Digest.Size];
        try
        {
            // The prologue's leaf comes before the frames'.
            int read = RandomAccess.Read(_leaves, hashes, (first + 1) * Digest.Size);
            return read == hashes.Length ? hashes : throw new EndOfStreamException();
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, _name);
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        _leaves.Dispose();
    }
}
