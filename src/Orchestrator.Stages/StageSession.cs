using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Stages;

/// <summary>What a group has to do its part of a stage with.</summary>
/// <param name="SigningKey">That its evidence binds.</param>
/// <param name="SessionKey">That its evidence binds.</param>
/// <param name="Policy">SHA-256 of the execution policy that it is bound to.</param>
/// <param name="Inputs">Folder in its memory in which containers find the inputs.</param>
/// <param name="Outputs">Folder in its memory in which containers leave the outputs.</param>
/// <param name="Sealed">Folder of sealed outputs, out of the containers' reach.</param>
public sealed record StageSetting(PartySigningKey SigningKey, HpkePrivateKey SessionKey, Digest Policy, string Inputs, string Outputs, string Sealed);

/// <summary>
/// A group's part of a prepare stage, step by step (docs/spec/prepare-stage.md): takes the parties' keys, opens inputs, seals outputs, states what it made, and
/// as the owner of that judges the device. Everything handed in is untrusted. Not for several threads at once.
/// </summary>
public sealed class StageSession : IDisposable
{
    private readonly StageSetting _setting;
    private readonly Manifest _manifest;
    private readonly ManifestStage _stage;
    private readonly Digest _evidence;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, StagePackage> _packages = new(StringComparer.Ordinal);
    private readonly StageInputs _inputs;
    private readonly StageOutputs _outputs;
    private readonly CheckpointShare _share = CheckpointShare.Import(RandomNumberGenerator.GetBytes(KeyPackage.ShareSize));
    private byte[]? _nonce;
    private Digest? _statement;

    private StageSession(StageSetting setting, Manifest manifest, ManifestStage stage, Digest evidence, TimeProvider time)
    {
        _setting = setting;
        _manifest = manifest;
        _stage = stage;
        _evidence = evidence;
        _time = time;
        _inputs = new StageInputs(stage, setting.Inputs);
        _outputs = new StageOutputs(manifest, stage, setting.Outputs, setting.Sealed);
    }

    /// <summary>Begins a stage.</summary>
    /// <param name="setting">The group's own.</param>
    /// <param name="manifest">Untrusted; packages open only if it is what the parties approved.</param>
    /// <param name="stage">Its stage.</param>
    /// <param name="evidence">That the parties are shown; has to be this group's.</param>
    /// <param name="time">The clock that the device's certificates are judged by.</param>
    /// <exception cref="OrchestratorException"><see cref="StageErrors.Unknown"/>, <see cref="GroupStageErrors.NotOwnEvidence"/>, or a code of the manifest's or the evidence's.</exception>
    public static StageSession Begin(StageSetting setting, ReadOnlyMemory<byte> manifest, string stage, ReadOnlyMemory<byte> evidence, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(setting);
        Manifest job = Manifest.Decode(manifest);
        ManifestStage part = job.FindStage(stage) ?? throw new OrchestratorException(StageErrors.Unknown, "The manifest has no stage of the name that was given.");
        GroupEvidence shown = GroupEvidence.Parse(evidence);
        shown.RequireBound();
        GroupBinding binding = shown.Binding;
        return binding.SigningKey.Equals(setting.SigningKey.VerificationKey)
            && binding.SessionKey.Equals(setting.SessionKey.PublicKey)
            && binding.Manifest == job.Digest
            && binding.Policy == part.Policy
            && setting.Policy == part.Policy
            ? new StageSession(setting, job, part, shown.Digest, time)
            : throw new OrchestratorException(GroupStageErrors.NotOwnEvidence, GroupStageErrors.NotOwnEvidence.Meaning);
    }

    /// <summary>Takes a party's keys.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.PackageRepeated"/>, or as <see cref="StagePackage.Open"/>.</exception>
    public void Release(string party, ReadOnlyMemory<byte> package)
    {
        if (_packages.ContainsKey(party))
        {
            throw new OrchestratorException(GroupStageErrors.PackageRepeated, $"The package of {party} is there already.");
        }

        _packages.Add(party, StagePackage.Open(package, party, _setting.SessionKey, _manifest, _stage, _evidence));
    }

    /// <summary>Opens an input into the group's memory.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutOfOrder"/>: not every party has released; or as the input itself says.</exception>
    public void ReadInput(string name, Stream sealedFile)
    {
        string[] missing = [.. _manifest.Content.Parties.Select(party => party.Name).Where(party => !_packages.ContainsKey(party))];
        Require(missing.Length == 0, $"No package is here of {string.Join(", ", missing)}.");
        Require(_statement is null, "The stage is finished.");
        _inputs.Read(name, sealedFile, input => _packages.Values.First(package => package.Keys.ContainsKey(input)).Keys[input]);
    }

    /// <summary>Seals what the containers left, and states it. Call it only when they have all ended well.</summary>
    /// <returns>The statement, and the streams.</returns>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutOfOrder"/>, or as the outputs say.</exception>
    public (byte[] Statement, IReadOnlyList<PreparedStream> Outputs) Finish()
    {
        Require(_inputs.AllRead, "Not every input is here.");
        Require(_statement is null, "The stage is finished already.");
        IReadOnlyList<PreparedStream> outputs = _outputs.Seal();
        byte[] statement = Preparation.Sign(_setting.SigningKey, _manifest, _stage, _evidence, outputs);
        _statement = Digest.Of(statement);
        return (statement, outputs);
    }

    /// <summary>A sealed output, for the host to carry.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutOfOrder"/> or <see cref="StageErrors.Unknown"/>.</exception>
    public Stream OpenOutput(int stream)
    {
        Require(_statement is not null, "The stage is not finished.");
        return _outputs.Keys.ContainsKey(stream) ? _outputs.Open(stream) : throw new OrchestratorException(StageErrors.Unknown, $"Stage {_stage.Name} makes no stream {stream}.");
    }

    /// <summary>A fresh nonce for a device's quote; it displaces an earlier one.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutOfOrder"/>.</exception>
    public byte[] Nonce()
    {
        Require(_statement is not null, "The stage is not finished.");
        return _nonce = RandomNumberGenerator.GetBytes(Quote.NonceSize);
    }

    /// <summary>Judges a device by its quote, as the owner of what the stage made.</summary>
    /// <returns>A key package for the device; or every reason against it.</returns>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.OutOfOrder"/>, or the evidence does not verify.</exception>
    public (byte[]? Package, ImmutableArray<Denial> Denials) Offer(ReadOnlyMemory<byte> quote)
    {
        byte[] nonce = _nonce ?? throw new OrchestratorException(GroupStageErrors.OutOfOrder, "The group has given no nonce for a quote.");
        _nonce = null;
        TrustAnchors anchors = _stage.Devices.Roots.Aggregate(TrustAnchors.None, (all, root) => all.With(root));
        VerifiedQuote verified = new EvidenceVerifier(anchors, _time, Collateral.None).Verify(Evidence.Parse(quote));
        ReleaseDecision decision = Rules.Validate(verified, Expectations(verified.Claims, nonce));
        return decision.Permit is { } permit
            ? (KeyPackage.Seal(permit, _manifest, _setting.SigningKey, _outputs.Keys, _share, leastCheckpoint: 0), [])
            : (null, decision.Denials);
    }

    /// <summary>Erases every key.</summary>
    public void Dispose()
    {
        foreach (StagePackage package in _packages.Values)
        {
            package.Dispose();
        }

        _outputs.Dispose();
        _share.Dispose();
    }

    private ReleasePolicy Rules => new()
    {
        Party = _stage.Name,
        AllowSimulatedDevices = _stage.Devices.Allow.HasFlag(DeviceAllowances.SimulatedDevices),
        AllowUnconfinedTiles = _stage.Devices.Allow.HasFlag(DeviceAllowances.UnconfinedTiles),
        AllowUnknownRevocation = _stage.Devices.Allow.HasFlag(DeviceAllowances.UnknownRevocation),

        // The parties remember which device had the job; a group lives for one job and has no other memory than theirs.
        AllowMovedJobs = true,
    };

    // Of other stages' statements a group knows nothing: the parties do.
    private QuoteExpectations Expectations(Quote claims, byte[] nonce) => new()
    {
        Manifest = _manifest.Digest,
        Firmware = _manifest.Content.Device.Firmware,
        MinimumSecurityVersion = _manifest.Content.Device.MinimumSecurityVersion,
        Nonce = nonce,
        Preparations = claims.Preparations.SetItem(_stage.Name, _statement!.Value),
        Earlier = claims.Checkpoint is { } resumed ? new EarlierSession(claims.Ueid, 0, resumed) : null,
    };

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(GroupStageErrors.OutOfOrder, otherwise);
        }
    }
}
