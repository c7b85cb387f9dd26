using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Orchestrator.Programs;

namespace Orchestrator.Sdk;

/// <summary>A TorchScript archive on this machine, verified before anything else is done with it (docs/spec/program.md).</summary>
/// <param name="Bytes">What was verified; the file is not read again.</param>
/// <param name="Program">What it is. Nothing of it was run.</param>
public sealed record ProgramFile(ReadOnlyMemory<byte> Bytes, VerifiedProgram Program)
{
    /// <summary>Reads and verifies a program.</summary>
    /// <exception cref="OrchestratorException">One of <see cref="ProgramErrors"/>, or a <c>storage-*</c> code.</exception>
    public static ProgramFile Read(string path)
    {
        byte[] bytes = LocalFile.ReadAllBytes(path, ProgramLimits.MaxArchiveBytes, ProgramErrors.TooLarge);
        return new ProgramFile(bytes, VerifiedProgram.Verify(bytes));
    }
}

/// <summary>A plaintext in memory.</summary>
internal sealed class PlaintextBytes(ReadOnlyMemory<byte> bytes) : IPlaintextFile
{
    public long Length => bytes.Length;

    public void Read(long offset, Span<byte> destination) => bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
}
