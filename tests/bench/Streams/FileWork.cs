using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Seals and opens files as a process of its own, with all cores.</summary>
internal static class FileWork
{
    public const string Seal = "seal-file";
    public const string Open = "open-file";

    /// <summary>Arguments: plaintext, sealed file to write, key file to write, digest file to write.</summary>
    public static void SealFile(string[] paths)
    {
        using StreamKey key = StreamKey.Generate();
        using FileStream input = OpenInput(paths[0]);
        using AtomicFile output = AtomicFile.Create(paths[1]);
        using var sealer = new StreamSealer(output.Stream, key, StreamHeader.Create(StreamKind.Data, "bench"), Environment.ProcessorCount);
        sealer.CopyFrom(new PlaintextFile(input.SafeFileHandle));
        Digest digest = sealer.Finish();
        output.Commit();

        byte[] bytes = new byte[StreamKey.Size];
        key.Export(bytes);
        File.WriteAllBytes(paths[2], bytes);
        File.WriteAllText(paths[3], digest.ToString());
    }

    /// <summary>Arguments: sealed file, plaintext to write, key file, digest file.</summary>
    public static void OpenFile(string[] paths)
    {
        using StreamKey key = StreamKey.Import(File.ReadAllBytes(paths[2]));
        using FileStream input = OpenInput(paths[0]);
        using AtomicFile output = AtomicFile.Create(paths[1]);
        using StreamOpener opener = StreamOpener.OpenPinned(input, key, Digest.Parse(File.ReadAllText(paths[3])), Environment.ProcessorCount);
        opener.CopyTo(output.Stream);
        output.Commit();
    }

    private static FileStream OpenInput(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
}
