using Orchestrator.Crypto.IO;
using Orchestrator.Data.Files;
using Orchestrator.Data.Reading;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Local;

/// <summary>
/// Frames of plaintext files. Each file is read once into a temporary file of records, which has no name and goes with the process,
/// so that any frame can be read in any order and memory stays constant.
/// </summary>
internal sealed class LocalFrames : IFrameReader, IDisposable
{
    private readonly List<FileStream> _records = [];
    private readonly LocalJob _job;

    public LocalFrames(LocalJob job)
    {
        _job = job;
        Streams = [.. job.Streams.Select(stream => new JobStream(stream.Role, Load(stream)))];
    }

    /// <summary>The streams in the job's order.</summary>
    public IReadOnlyList<JobStream> Streams { get; }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
    {
        var stream = _job.Streams[frame.Stream];
        var plaintext = new byte[Streams[frame.Stream].Shape.RecordsIn(frame.Frame) * stream.Schema.RecordSize];
        var read = await RandomAccess.ReadAsync(
            _records[frame.Stream].SafeFileHandle, plaintext, frame.Frame * stream.FrameSize, cancellation).ConfigureAwait(false);
        return read == plaintext.Length ? plaintext : throw new EndOfStreamException();
    }

    public void Dispose() => _records.ForEach(file => file.Dispose());

    private StreamShape Load(LocalStream stream)
    {
        try
        {
            using var reader = RecordReader.Open(stream.File, stream.Schema);
            FileStream records = OpenNameless();
            _records.Add(records);
            reader.CopyTo(record => records.Write(record));
            records.Flush();
            return new StreamShape(reader.Count, stream.FrameSize / stream.Schema.RecordSize);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(e.Code, $"{Path.GetFileName(stream.File)}: {e.Message}", e.Remedy, e);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, "The temporary file of records");
        }
    }

    // It goes with the process, however that ends.
    private static FileStream OpenNameless()
    {
        string path = Path.GetTempFileName();
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
        File.Delete(path);
        return file;
    }
}
