using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Stages;

/// <summary>Opens a stage's inputs into the group's memory, each once, each exactly the one that the manifest names.</summary>
internal sealed class StageInputs(ManifestStage stage, string folder)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Whether every input is there.</summary>
    public bool AllRead => _read.Count == stage.Inputs.Length;

    /// <summary>Opens one. A file that turns out not to be the manifest's is gone again when this throws.</summary>
    /// <param name="name">As in the manifest.</param>
    /// <param name="sealedFile">Untrusted, from its first byte.</param>
    /// <param name="keyOf">The key of an input.</param>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.InputUnknown"/>, <see cref="GroupStageErrors.InputSubstituted"/> or a storage code.</exception>
    public void Read(string name, Stream sealedFile, Func<string, StreamKey> keyOf)
    {
        StageInput input = stage.Inputs.FirstOrDefault(input => input.Name == name && !_read.Contains(name))
            ?? throw new OrchestratorException(GroupStageErrors.InputUnknown, $"Stage {stage.Name} waits for no input of that name.");
        string path = Path.Combine(folder, input.Name);
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            using StreamOpener opener = StreamOpener.OpenPinned(sealedFile, keyOf(name), input.Digest);
            Require(opener.Header.Kind == StageInput.Kind && opener.Header.Owner == input.Owner && opener.Header.FrameSize == input.FrameSize, input, "its header says otherwise");
            opener.CopyTo(file);
            Require(file.Length == input.Bytes, input, $"it has {file.Length} bytes");
            _read.Add(name);
        }
        catch (Exception e)
        {
            File.Delete(path);
            throw e switch
            {
                OrchestratorException { Code.Id: var id } failure when id.StartsWith("stream-", StringComparison.Ordinal) =>
                    new OrchestratorException(GroupStageErrors.InputSubstituted, $"Input {input.Name} of {input.Owner} is not the manifest's: {failure.Message}", inner: failure),
                OrchestratorException failure => failure,
                _ when StorageErrors.Concerns(e) => StorageErrors.From(e, $"input {input.Name}"),
                _ => e,
            };
        }
    }

    private static void Require(bool holds, StageInput input, string finding)
    {
        if (!holds)
        {
            throw new OrchestratorException(GroupStageErrors.InputSubstituted, $"Input {input.Name} of {input.Owner} is not the manifest's: {finding}.");
        }
    }
}
