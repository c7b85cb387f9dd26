using System.Runtime.Versioning;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Stages;

/// <summary>Where a group keeps what belongs to a stage, all of it memory of its own.</summary>
/// <param name="Inputs">What containers find in the volume <c>inputs</c>.</param>
/// <param name="Outputs">What they leave in the volume <c>outputs</c>.</param>
/// <param name="Private">Out of every container's reach.</param>
public sealed record StageFolders(string Inputs, string Outputs, string Private);

/// <summary>A guest's answers to the operations <c>stage_…</c> of the channel (docs/spec/guest-channel.md). One stage a group; requests take effect one after the other.</summary>
/// <param name="signing">The group's key.</param>
/// <param name="session">The group's key.</param>
/// <param name="policy">SHA-256 of the group's policy, as it is now.</param>
/// <param name="requireDone">Throws <see cref="GroupStageErrors.NotDone"/> unless every container has done its work.</param>
/// <param name="folders">In the group's memory.</param>
/// <param name="time">The group's clock.</param>
[SupportedOSPlatform("linux")]
public sealed class StageRequests(
    PartySigningKey signing, HpkePrivateKey session, Func<Digest> policy, Action requireDone, StageFolders folders, TimeProvider time) : IDisposable
{
    /// <summary>What the names of these operations begin with.</summary>
    public const string Prefix = "stage_";

    /// <summary>Bytes of a sealed file in one message.</summary>
    public const int PieceBytes = 1 << 20;

    private const int HeaderRoom = 1 << 20;
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static readonly CborMap s_done = CborMap.Of();

    private readonly SemaphoreSlim _turn = new(1);
    private StageSession? _stage;
    private ManifestStage? _description;

    /// <summary>Answers one request.</summary>
    /// <exception cref="OrchestratorException">What is said instead of an answer.</exception>
    public async Task<CborValue> AnswerAsync(string operation, CborField body, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return operation switch
            {
                "stage_begin" => body.ReadMap(Begin),
                "stage_release" => body.ReadMap(Release),
                "stage_input" => body.ReadMap(Input),
                "stage_finish" => Finish(),
                "stage_output" => body.ReadMap(Output),
                "stage_nonce" => CborMap.Of(("nonce", Stage.Nonce())),
                "stage_offer" => body.ReadMap(Offer),
                _ => throw new OrchestratorException(GroupStageErrors.OutOfOrder, "There is no such operation of a stage."),
            };
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, "the group's memory");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Erases every key.</summary>
    public void Dispose()
    {
        _stage?.Dispose();
        _turn.Dispose();
    }

    private StageSession Stage => _stage ?? throw new OrchestratorException(GroupStageErrors.OutOfOrder, "No stage was begun.");

    private string SealedInput(string name) => Path.Combine(folders.Private, $"input-{name}");

    private CborMap Begin(CborMapReader map)
    {
        ReadOnlyMemory<byte> manifest = map.Required("manifest").AsBytes(Manifest.MaxBytes);
        string name = map.Required("stage").AsText(PartyName.MaxLength);
        ReadOnlyMemory<byte> evidence = map.Required("evidence").AsBytes(Attestation.Groups.GroupEvidence.MaxBytes);
        if (_stage is not null)
        {
            throw new OrchestratorException(GroupStageErrors.OutOfOrder, "The group has a stage already.");
        }

        MakeFolders();
        _stage = StageSession.Begin(new StageSetting(signing, session, policy(), folders.Inputs, folders.Outputs, folders.Private), manifest, name, evidence, time);
        _description = Manifest.Decode(manifest).FindStage(name);
        return s_done;
    }

    // Containers run as whom their images say: all may read the inputs, all may write an output.
    private void MakeFolders()
    {
        Directory.CreateDirectory(folders.Private, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string folder in new[] { folders.Inputs, folders.Outputs })
        {
            Directory.CreateDirectory(folder);
        }

        File.SetUnixFileMode(folders.Inputs, ReadableByAll);
        File.SetUnixFileMode(folders.Outputs, ReadableByAll | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
    }

    private CborMap Release(CborMapReader map)
    {
        Stage.Release(map.Required("party").AsText(PartyName.MaxLength), map.Required("package").AsBytes(StagePackage.MaxBytes));
        return s_done;
    }

    // The sealed file is gathered first: it is opened only as a whole.
    private CborMap Input(CborMapReader map)
    {
        string name = map.Required("name").AsText(PartyName.MaxLength);
        ReadOnlyMemory<byte> data = map.Required("data").AsBytes(PieceBytes);
        StageSession stage = Stage;
        StageInput input = _description!.Inputs.FirstOrDefault(input => input.Name == name)
            ?? throw new OrchestratorException(GroupStageErrors.InputUnknown, "The stage waits for no input of that name.");
        string path = SealedInput(input.Name);
        if (!data.IsEmpty)
        {
            Append(input, path, data);
            return s_done;
        }

        try
        {
            using FileStream gathered = File.OpenRead(path);
            stage.ReadInput(input.Name, gathered);
            File.SetUnixFileMode(Path.Combine(folders.Inputs, input.Name), UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        finally
        {
            File.Delete(path);
        }

        return s_done;
    }

    private static void Append(StageInput input, string path, ReadOnlyMemory<byte> data)
    {
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write);
        if (file.Length + data.Length > input.Bytes + (input.Frames * StreamLimits.FrameOverhead) + HeaderRoom)
        {
            throw new OrchestratorException(GroupStageErrors.InputSubstituted, $"Input {input.Name} of {input.Owner} is longer than the manifest's.");
        }

        file.Write(data.Span);
    }

    private CborMap Finish()
    {
        StageSession stage = Stage;
        requireDone();
        (byte[] statement, IReadOnlyList<PreparedStream> outputs) = stage.Finish();
        return CborMap.Of(("statement", statement), ("streams", new CborArray(outputs.Select(output => (CborValue)output.Stream))));
    }

    private CborMap Output(CborMapReader map)
    {
        int stream = map.Required("stream").AsInt32(1);
        long offset = map.Required("offset").AsInt64(0);
        using Stream file = Stage.OpenOutput(stream);
        byte[] piece = new byte[PieceBytes];
        file.Position = Math.Min(offset, file.Length);
        int count = file.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false);
        return CborMap.Of(("data", piece[..count]));
    }

    private CborMap Offer(CborMapReader map)
    {
        (byte[]? package, IReadOnlyList<Denial> denials) = Stage.Offer(map.Required("quote").AsBytes(Attestation.Quotes.Evidence.MaxBytes));
        return CborMap.Of(
            ("package", package is null ? null : package),
            ("denials", new CborArray(denials.Select(denial => CborMap.Of(
                ("code", denial.Code),
                ("claim", denial.Claim),
                ("expected", denial.Expected),
                ("observed", denial.Observed),
                ("policy_of", denial.PolicyOf),
                ("remedy", denial.Remedy))))));
    }
}
