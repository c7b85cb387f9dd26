using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host.Objects;

/// <summary>
/// A sealed stream on its way into the store: its file, beside it the file of its leaf hashes, and the digest so far.
/// Opening an existing file continues it; its bytes are read again, so nothing about them has to be trusted.
/// </summary>
/// <remarks>Not for several threads at once. Disposing keeps the file, so that it can be continued.</remarks>
internal sealed class ObjectWriter : IDisposable
{
    private readonly string _path;
    private readonly string _name;
    private readonly FileStream _data;
    private readonly FileStream _leafFile;
    private readonly LeafWriter _leaves;
    private readonly StreamDigester _digester;
    private StreamSummary? _summary;

    private ObjectWriter(string path, string name)
    {
        _path = path;
        _name = name;
        _data = StateDirectory.OpenFile(path, FileMode.OpenOrCreate);
        _leafFile = StateDirectory.OpenFile(LeavesOf(path), FileMode.Create);
        _leaves = new LeafWriter(_leafFile);
        _digester = new StreamDigester(_leaves);
    }

    /// <summary>Bytes stored.</summary>
    public long Received { get; private set; }

    /// <summary>The file of the leaf hashes that belongs to the file at <paramref name="path"/>.</summary>
    public static string LeavesOf(string path) => path + ".leaves";

    /// <param name="path">The file to create or continue.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>, or of <see cref="StreamErrors"/> if the existing bytes are no sealed stream.</exception>
    public static ObjectWriter Open(string path, string name)
    {
        ObjectWriter writer = Guard(name, () => new ObjectWriter(path, name));
        try
        {
            Guard(name, writer.DigestExisting);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <exception cref="OrchestratorException">A code of <see cref="StreamErrors"/>: no sealed stream continues like this. Or one of
    /// <see cref="StorageErrors"/>; this writer is then of no more use, and the file holds a part of the bytes, to be continued.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _digester.Append(bytes);
            _data.Write(bytes);
            Received += bytes.Length;
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, _name);
        }
    }

    /// <summary>Ends the stream, makes its bytes survive a crash, and gives its digest.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StreamErrors"/> or <see cref="StorageErrors"/>.</exception>
    public Digest Finish()
    {
        _summary = _digester.Finish();
        Guard(_name, () =>
        {
            _leaves.Flush();
            _leafFile.Flush(flushToDisk: true);
            _data.Flush(flushToDisk: true);
            return true;
        });
        return _summary.Digest;
    }

    /// <summary>Moves a finished stream to its place in the store.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public void MoveTo(string path)
    {
        if (_summary is null)
        {
            throw new InvalidOperationException("The stream is not finished.");
        }

        Dispose();
        Guard(_name, () =>
        {
            File.Move(LeavesOf(_path), LeavesOf(path), overwrite: true);
            File.Move(_path, path, overwrite: true);
            AtomicFile.FlushFolder(Path.GetDirectoryName(path)!);
            return true;
        });
    }

    /// <summary>Removes what was stored.</summary>
    public void Discard()
    {
        Dispose();
        File.Delete(_path);
        File.Delete(LeavesOf(_path));
    }

    public void Dispose()
    {
        _digester.Dispose();
        _data.Dispose();
        _leafFile.Dispose();
    }

    private bool DigestExisting()
    {
        byte[] buffer = new byte[1 << 18];
        int count;
        while ((count = _data.Read(buffer)) > 0)
        {
            _digester.Append(buffer.AsSpan(0, count));
            Received += count;
        }

        return true;
    }

    private static T Guard<T>(string name, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (StorageErrors.Concerns(failure))
        {
            throw StorageErrors.From(failure, name);
        }
    }
}
