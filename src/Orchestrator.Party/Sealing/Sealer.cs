using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Files;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Programs;

namespace Orchestrator.Sdk;

/// <summary>
/// Seals a party's files, each under a fresh key that stays in the key store, and checks sealed ones. A sealed file appears
/// whole or not at all, and never without its key.
/// </summary>
internal sealed class Sealer(KeyStore keys, TimeProvider time)
{
    public StreamCard SealData(string source, DataSchema schema, string destination, int frameSize, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        RequireDifferent(source, destination);
        ProgressMeter meter = null!;
        using RecordReader reader = RecordReader.Open(source, schema, file =>
        {
            meter = new ProgressMeter("seal", file.CanSeek ? file.Length : null, progress, time);
            return new MeteredStream(file, meter);
        });
        StreamHeader header = StreamHeader.Create(StreamKind.Data, keys.Identity.Name, schema.RecordSize) with
        {
            Schema = schema.ToCbor().Encode(),
            FrameSize = StreamHeader.FrameSizeFor(schema.RecordSize, frameSize),
        };
        return Seal(destination, header, sealer =>
        {
            if (reader.Stored is { } records)
            {
                sealer.CopyFrom(new MeteredPlaintext(records, meter), cancel);
            }
            else
            {
                reader.CopyTo(sealer.Write, cancel);
            }
        });
    }

    public StreamCard SealProgram(string source, string destination, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        RequireDifferent(source, destination);
        (ReadOnlyMemory<byte> archive, VerifiedProgram program) = ProgramFile.Read(source);
        var meter = new ProgressMeter("seal", archive.Length, progress, time);
        return Seal(destination, ProgramHeader.Create(keys.Identity.Name, program.Digest), sealer =>
            sealer.CopyFrom(new MeteredPlaintext(new PlaintextBytes(archive), meter), cancel));
    }

    public StreamCard SealFile(string source, string destination, int frameSize, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        RequireDifferent(source, destination);
        using FileStream file = LocalFile.OpenRead(source);
        using var metered = new MeteredStream(file, new ProgressMeter("seal", file.CanSeek ? file.Length : null, progress, time));
        StreamHeader header = StreamHeader.Create(StreamKind.File, keys.Identity.Name) with { FrameSize = frameSize };
        return Seal(destination, header, sealer =>
        {
            byte[] buffer = new byte[1 << 20];
            for (int read; (read = LocalFile.Guard(source, () => metered.Read(buffer))) > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                sealer.Write(buffer.AsSpan(0, read));
            }

            CryptographicOperations.ZeroMemory(buffer);
        });
    }

    /// <summary>Opens a sealed file of this party from end to end.</summary>
    public StreamCard Verify(string path, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        using FileStream file = LocalFile.OpenRead(path);
        return LocalFile.Guard(path, () =>
        {
            StreamLayout layout = StreamLayout.Read(file);
            (Digest digest, StreamKey key) = keys.FindStreamKey(layout.Prologue)
                ?? throw new OrchestratorException(KeyStoreErrors.NoStreamKey, $"No key of this key store opens {path}: it was sealed elsewhere, or its header was altered.");
            using (key)
            {
                file.Position = 0;
                using var metered = new MeteredStream(file, new ProgressMeter("verify", file.Length, progress, time));
                using StreamOpener opener = StreamOpener.OpenPinned(metered, key, digest, Environment.ProcessorCount);
                opener.CopyTo(Stream.Null, cancel);
            }

            return new StreamCard(digest, layout);
        });
    }

    private StreamCard Seal(string destination, StreamHeader header, Action<StreamSealer> fill)
    {
        using AtomicFile file = AtomicFile.Create(destination);
        using StreamKey key = StreamKey.Generate();
        using var sealer = new StreamSealer(file.Stream, key, header, Environment.ProcessorCount);
        fill(sealer);
        Digest digest = sealer.Finish();

        // The key first: a sealed file without its key would be lost, a key without its file costs nothing.
        keys.AddStreamKey(digest, key);
        file.Commit();
        return new StreamCard(digest, StreamLayout.Of(sealer.Prologue, new FileInfo(destination).Length));
    }

    private static void RequireDifferent(string source, string destination)
    {
        if (LocalFile.IsReplacedBy(source, destination))
        {
            throw new OrchestratorException(PartyErrors.SameFile, $"{destination} is both what is sealed and where it goes.");
        }
    }
}
