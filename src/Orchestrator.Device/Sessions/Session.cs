using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sessions;

/// <summary>
/// What a quote stands for: a job, a fresh key for the parties to release keys to, and what they released. Disposing it
/// scrubs every key.
/// </summary>
public sealed class Session : IDisposable
{
    private readonly HpkePrivateKey _sessionKey = HpkePrivateKey.Generate();
    private readonly SortedDictionary<string, KeyPackage> _packages = new(StringComparer.Ordinal);

    private Session(LoadedJob job)
    {
        Job = job;
        Id = RandomNumberGenerator.GetBytes(Quote.SessionSize);
    }

    /// <summary>Begins a session.</summary>
    /// <param name="job">What it will run.</param>
    /// <param name="attest">Makes the signed quote for it.</param>
    public static Session Begin(LoadedJob job, Func<Session, byte[]> attest)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(attest);
        var session = new Session(job);
        try
        {
            session.Evidence = attest(session);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>What it will run.</summary>
    public LoadedJob Job { get; }

    /// <summary>16 random bytes.</summary>
    public ReadOnlyMemory<byte> Id { get; }

    /// <summary>To which parties seal their packages.</summary>
    public HpkePublicKey PublicKey => _sessionKey.PublicKey;

    /// <summary>The signed quote.</summary>
    public ReadOnlyMemory<byte> Evidence { get; private set; }

    /// <summary>SHA-256 of <see cref="Evidence"/>.</summary>
    public Digest EvidenceDigest => Digest.Of(Evidence.Span);

    /// <summary>The parties whose packages are in, in order.</summary>
    public IReadOnlyCollection<string> Staged => _packages.Keys;

    /// <summary>Opens a party's key package and keeps its keys; they are not used before all parties' are there.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.PackageRepeated"/>, or a code of the package's.</exception>
    public void Stage(string party, ReadOnlyMemory<byte> sealedPackage)
    {
        if (_packages.ContainsKey(party))
        {
            throw new OrchestratorException(DeviceErrors.PackageRepeated, $"The key package of {party} is staged already.");
        }

        _packages.Add(party, KeyPackage.Open(sealedPackage, party, _sessionKey, Job.Prepared, EvidenceDigest));
    }

    /// <summary>Checks that every party, and the group of every stage, has released.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.PackagesMissing"/>.</exception>
    public void RequireAllStaged()
    {
        string[] missing = [.. Job.Prepared.Owners.Where(party => !_packages.ContainsKey(party))];
        if (missing.Length > 0)
        {
            throw new OrchestratorException(DeviceErrors.PackagesMissing, $"No key package is staged of {string.Join(", ", missing)}.");
        }
    }

    /// <summary>Checks that no party has seen a later checkpoint than the one to resume from, and that it was sealed under all parties' keys.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CheckpointTooOld"/> or <see cref="DeviceErrors.CheckpointForged"/>.</exception>
    public void RequireCheckpointAccepted()
    {
        long offered = Job.Resume?.Header.Counter ?? 0;
        foreach (KeyPackage package in _packages.Values.Where(package => package.LeastCheckpoint > offered))
        {
            throw new OrchestratorException(
                DeviceErrors.CheckpointTooOld, $"{package.Party} lets the job resume from checkpoint {package.LeastCheckpoint} at the earliest; this is {offered}.");
        }

        Job.Resume?.RequireKey(CheckpointKeyOf);
    }

    /// <summary>The key of a checkpoint, of which every party has released its share; the caller's to dispose.</summary>
    public StreamKey CheckpointKeyOf(CheckpointHeader checkpoint) => CheckpointKey.Derive([.. _packages.Values.Select(package => package.Share)], checkpoint);

    /// <summary>The key of a stream, from its owner's package.</summary>
    public StreamKey KeyOf(int stream) => _packages.Values.First(package => package.Keys.ContainsKey(stream)).Keys[stream];

    /// <summary>Erases the session key and all released keys.</summary>
    public void Dispose()
    {
        _sessionKey.Dispose();
        foreach (KeyPackage package in _packages.Values)
        {
            package.Dispose();
        }
    }
}
