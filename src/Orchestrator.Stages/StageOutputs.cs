using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Files;
using Orchestrator.Errors;

namespace Orchestrator.Stages;

/// <summary>Makes streams of the files that the containers left, each under a fresh key that stays here until the device is accepted.</summary>
/// <param name="manifest">The job.</param>
/// <param name="stage">The stage.</param>
/// <param name="folder">Where the containers left their files.</param>
/// <param name="sealedFolder">Where sealed streams go; out of the containers' reach.</param>
internal sealed class StageOutputs(Manifest manifest, ManifestStage stage, string folder, string sealedFolder) : IDisposable
{
    private readonly Dictionary<int, StreamKey> _keys = [];

    /// <summary>The key of each stream, by its id.</summary>
    public IReadOnlyDictionary<int, StreamKey> Keys => _keys;

    /// <summary>Seals every output.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutputMissing"/>, <see cref="GroupStageErrors.OutputInvalid"/> or <see cref="StageErrors.OutputExceeded"/>.</exception>
    public IReadOnlyList<PreparedStream> Seal() => [.. stage.Outputs.Select(Seal).OrderBy(output => output.Stream)];

    /// <summary>A sealed stream, to read.</summary>
    public Stream Open(int stream) => File.OpenRead(SealedPath(stream));

    /// <summary>Erases the keys.</summary>
    public void Dispose()
    {
        foreach (StreamKey key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private PreparedStream Seal(StageOutput output)
    {
        ManifestStream stream = manifest.Content.Streams[output.Stream - 1];
        string path = RequireFile(output);
        var key = StreamKey.Generate();
        _keys.Add(stream.Id, key);
        StreamHeader header = StreamHeader.Create(StreamKind.Data, stage.Name, stream.RecordSize) with { FrameSize = stream.FrameSize, Schema = stream.Schema!.ToCbor().Encode() };
        using FileStream sealedFile = File.Create(SealedPath(stream.Id));
        using var sealer = new StreamSealer(sealedFile, key, header);
        long records = CopyRecords(output, path, stream, sealer);
        Digest digest = sealer.Finish();
        return new PreparedStream(stream.Id, digest, (long)((Int128)records * stream.RecordSize / stream.FrameSize) + 1, records);
    }

    // A container may leave a link to what it could not read itself; nothing runs any more that could swap one in later.
    private string RequireFile(StageOutput output)
    {
        var file = new FileInfo(Path.Combine(folder, output.Name));
        return file.Exists && file.LinkTarget is null && (file.Attributes & (FileAttributes.Directory | FileAttributes.Device | FileAttributes.ReparsePoint)) == 0
            ? file.FullName
            : throw new OrchestratorException(GroupStageErrors.OutputMissing, $"Stage {stage.Name} has left no file {output.Name}.");
    }

    private static long CopyRecords(StageOutput output, string path, ManifestStream stream, StreamSealer sealer)
    {
        byte[] record = new byte[stream.RecordSize];
        try
        {
            using RecordReader reader = RecordReader.Open(path, stream.Schema!);
            while (reader.TryRead(record))
            {
                if (reader.Count > stream.Records)
                {
                    throw new OrchestratorException(StageErrors.OutputExceeded, $"{output.Name} has more than the {stream.Records} records that the manifest allows.");
                }

                sealer.Write(record);
            }

            return reader.Count;
        }
        catch (OrchestratorException e) when (e.Code.Id.StartsWith("data-", StringComparison.Ordinal))
        {
            // The message names the place in the file, never a value from it; but where a reader fails can itself tell, so that only the code leaves.
            throw new OrchestratorException(GroupStageErrors.OutputInvalid, $"{output.Name} does not hold records of the stream's schema ({e.Code.Id}).", inner: e);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(record);
        }
    }

    private string SealedPath(int stream) => Path.Combine(sealedFolder, $"stream-{stream}");
}
