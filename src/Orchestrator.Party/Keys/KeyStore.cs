using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// What a party must keep: its private keys, the keys of the streams that it sealed, the manifests that it approved, and
/// the hosts that it knows. All of it is encrypted in the party's home folder; docs/spec/key-store.md.
/// </summary>
public sealed class KeyStore : IDisposable
{
    /// <summary>File of the home folder that holds the public identity, for everyone to read.</summary>
    public const string IdentityFile = "identity";

    private const string IdentityKind = "party";
    private const string StreamKeyKind = "stream-keys";
    private const string ApprovalKind = "approvals";
    private const string HostKind = "hosts";
    private const string SessionKind = "sessions";
    private const string GroupKind = "groups";
    private const string DeviceKind = "devices";
    private const string CollateralKind = "collateral";
    private const int CheckpointSecretSize = 32;

    private readonly RecordVault _vault;
    private readonly byte[] _checkpointSecret;

    private KeyStore(RecordVault vault, string name, PartySigningKey signingKey, HpkePrivateKey sealingKey, byte[] checkpointSecret)
    {
        _vault = vault;
        _checkpointSecret = checkpointSecret;
        SigningKey = signingKey;
        SealingKey = sealingKey;
        Identity = new PartyIdentity(name, signingKey.VerificationKey, sealingKey.PublicKey);
    }

    /// <summary>The party's public identity.</summary>
    public PartyIdentity Identity { get; }

    /// <summary>Signs as the party. Disposed with the store.</summary>
    public PartySigningKey SigningKey { get; }

    /// <summary>Opens what is sealed to the party. Disposed with the store.</summary>
    public HpkePrivateKey SealingKey { get; }

    /// <summary>Makes a key store with fresh keys.</summary>
    /// <param name="home">Folder that holds none yet; made if absent.</param>
    /// <param name="name">The party's name for good (<see cref="PartyName"/>).</param>
    /// <param name="secret">What will open the store.</param>
    /// <exception cref="OrchestratorException"><see cref="PartyErrors.NameInvalid"/>, <see cref="KeyStoreErrors.Exists"/>, or a code of <see cref="StorageErrors"/>.</exception>
    public static KeyStore Create(string home, string name, StoreSecret secret) => Create(home, name, secret, StretchCost.Default);

    /// <summary>Checks that a party of this name can be made in a folder, before anyone is asked for a passphrase.</summary>
    /// <exception cref="OrchestratorException"><see cref="PartyErrors.NameInvalid"/> or <see cref="KeyStoreErrors.Exists"/>.</exception>
    public static void RequireNew(string home, string name)
    {
        if (!PartyName.IsValid(name))
        {
            throw new OrchestratorException(PartyErrors.NameInvalid, $"\"{name}\" cannot be a party's name.");
        }

        RecordVault.RequireNoneAt(home);
    }

    /// <summary>Checks that a folder holds a key store, before anyone is asked for its passphrase.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.Missing"/>.</exception>
    public static void RequireAt(string home) => RecordVault.RequireAt(home);

    /// <summary>Opens a key store.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="KeyStoreErrors"/> or <see cref="StorageErrors"/>.</exception>
    public static KeyStore Open(string home, StoreSecret secret)
    {
        RecordVault vault = RecordVault.Open(home, secret);
        byte[] record = vault.TryGet(IdentityKind, IdentityKind)
            ?? throw new OrchestratorException(KeyStoreErrors.Damaged, $"{home} lacks the record of the party's own keys.");
        CborValue? keys = null;
        try
        {
            keys = CborValue.Decode(record);
            return keys.As(IdentityKind).ReadMap(map => new KeyStore(
                vault,
                map.Required("name").AsText(PartyName.MaxLength),
                PartySigningKey.Import(map.Required("signing_key").AsFixedBytes(PartySigningKey.Size).Span),
                HpkePrivateKey.Import(map.Required("sealing_key").AsFixedBytes(HpkePrivateKey.Size).Span),
                map.Required("checkpoint_secret").AsFixedBytes(CheckpointSecretSize).ToArray()));
        }
        finally
        {
            keys?.Erase();
            CryptographicOperations.ZeroMemory(record);
        }
    }

    /// <summary>Keeps the key of a stream.</summary>
    public void AddStreamKey(Digest stream, StreamKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> bytes = stackalloc byte[StreamKey.Size];
        key.Export(bytes);
        _vault.Put(StreamKeyKind, stream.ToString(), bytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>The key of a stream that this party sealed; the caller's to dispose.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.NoStreamKey"/>.</exception>
    public StreamKey StreamKeyOf(Digest stream)
    {
        byte[] bytes = _vault.TryGet(StreamKeyKind, stream.ToString())
            ?? throw new OrchestratorException(KeyStoreErrors.NoStreamKey, $"There is no key for the stream {stream} in this key store.");
        try
        {
            return StreamKey.Import(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>The key of the sealed stream that begins with <paramref name="prologue"/>, and the digest that the stream had; the key is the caller's to dispose.</summary>
    internal (Digest Stream, StreamKey Key)? FindStreamKey(StreamPrologue prologue)
    {
        foreach (Digest stream in _vault.Names(StreamKeyKind).Select(Digest.Parse))
        {
            StreamKey key = StreamKeyOf(stream);
            if (FrameOpener.TryCreate(key, prologue, out FrameOpener? opener))
            {
                opener.Dispose();
                return (stream, key);
            }

            key.Dispose();
        }

        return null;
    }

    /// <summary>Refuses a file that this party sealed and that is no longer as it was: no job could read it.</summary>
    internal StreamCard RequireAsSealed(StreamCard card)
    {
        if (FindStreamKey(card.Layout.Prologue) is not var (stream, key))
        {
            return card;
        }

        key.Dispose();
        return stream == card.Digest
            ? card
            : throw new OrchestratorException(StreamErrors.DigestMismatch, $"The file has the digest {card.Digest}; when it was sealed, it had {stream}.");
    }

    /// <summary>Notes that the party has approved a job: from now on its agent may release keys for it.</summary>
    public void AddApproval(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        _vault.Put(ApprovalKind, manifest.Digest.ToString(), manifest.Encoding.Span);
    }

    /// <summary>The manifest of a job that the party has approved and not taken back; otherwise <see langword="null"/>.</summary>
    public Manifest? FindApproved(Digest job) =>
        _vault.TryGet(ApprovalKind, job.ToString()) is { } encoding ? Manifest.Decode(encoding) : null;

    /// <summary>Takes an approval back: the agent releases nothing for the job any more.</summary>
    public void RemoveApproval(Digest job) => _vault.Delete(ApprovalKind, job.ToString());

    /// <summary>
    /// Waits until no other process decides by this store. What a decision rests on, and what it notes, belong into one turn: otherwise two agents could
    /// each release a job's keys to a device of its own, both being the first to.
    /// </summary>
    internal FileTurn TakeTurn() => _vault.TakeTurn();

    /// <summary>The session that this party released its keys to last, for a job; <see langword="null"/>: none yet.</summary>
    internal ReleasedSession? FindSession(Digest job) => _vault.TryGet(SessionKind, job.ToString()) is { } record ? ReleasedSession.Decode(record) : null;

    /// <summary>Notes the session that gets the keys of a job, or a checkpoint of it. It is on disk when the call returns.</summary>
    internal void AddSession(Digest job, ReleasedSession session) => _vault.Put(SessionKind, job.ToString(), session.Encode());

    /// <summary>The latest boot of a device that this party has released keys to; 0: none.</summary>
    internal long FindBoot(ReadOnlyMemory<byte> ueid) => FindNumber(DeviceKind, Convert.ToHexStringLower(ueid.Span));

    /// <summary>Notes the boot of a device that gets keys. It is on disk when the call returns.</summary>
    internal void AddBoot(ReadOnlyMemory<byte> ueid, long boot) => AddNumber(DeviceKind, Convert.ToHexStringLower(ueid.Span), boot);

    /// <summary>From when on the newest collateral that this party has used of a vendor holds.</summary>
    internal DateTimeOffset FindCollateral(Measurement root) => DateTimeOffset.FromUnixTimeSeconds(FindNumber(CollateralKind, root.ToString()));

    /// <summary>Notes the newest collateral of a vendor. It is on disk when the call returns.</summary>
    internal void AddCollateral(Measurement root, DateTimeOffset notBefore) => AddNumber(CollateralKind, root.ToString(), notBefore.ToUnixTimeSeconds());

    /// <summary>SHA-256 of the evidence of the group that this party accepted last for a stage of a job; <see langword="null"/>: of none.</summary>
    internal Digest? FindGroup(Digest job, string stage) => _vault.TryGet(GroupKind, $"{job}.{stage}") is { } record ? new Digest(record) : null;

    /// <summary>Notes the group that gets the keys of a stage. It is on disk when the call returns.</summary>
    internal void AddGroup(Digest job, string stage, Digest evidence) => _vault.Put(GroupKind, $"{job}.{stage}", evidence.ToArray());

    /// <summary>The certificate by which a host is known, or <see langword="null"/>.</summary>
    /// <param name="host">Host and port.</param>
    public Digest? FindHost(string host) => _vault.TryGet(HostKind, host) is { } bytes ? new Digest(bytes) : null;

    /// <summary>Notes the certificate of a host, instead of an earlier one.</summary>
    public void AddHost(string host, Digest fingerprint) => _vault.Put(HostKind, host, fingerprint.ToArray());

    /// <summary>Hosts that the party knows, as host and port.</summary>
    public IReadOnlyList<string> Hosts => _vault.Names(HostKind);

    /// <summary>The party's share of a job's checkpoint key: the same for the same manifest, and nothing without the store.</summary>
    public CheckpointShare CheckpointShareOf(Digest manifest) => CheckpointShare.Derive(_checkpointSecret, manifest);

    /// <summary>Erases the keys from memory.</summary>
    public void Dispose()
    {
        SigningKey.Dispose();
        SealingKey.Dispose();
        CryptographicOperations.ZeroMemory(_checkpointSecret);
        _vault.Dispose();
    }

    internal static KeyStore Create(string home, string name, StoreSecret secret, StretchCost cost)
    {
        RequireNew(home, name);
        KeyStore? store = null;
        RecordVault.Create(home, secret, cost, vault =>
        {
            store = new KeyStore(vault, name, PartySigningKey.Generate(), HpkePrivateKey.Generate(), RandomNumberGenerator.GetBytes(CheckpointSecretSize));
            store.WriteIdentity(home);
        });
        return store!;
    }

    private long FindNumber(string kind, string name) => _vault.TryGet(kind, name) is { } record ? BinaryPrimitives.ReadInt64BigEndian(record) : 0;

    private void AddNumber(string kind, string name, long number)
    {
        byte[] record = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(record, number);
        _vault.Put(kind, name, record);
    }

    private void WriteIdentity(string home)
    {
        byte[] signingKey = new byte[PartySigningKey.Size];
        byte[] sealingKey = new byte[HpkePrivateKey.Size];
        SigningKey.Export(signingKey);
        SealingKey.Export(sealingKey);
        CborMap keys = CborMap.Of(
            ("name", Identity.Name),
            ("signing_key", signingKey),
            ("sealing_key", sealingKey),
            ("checkpoint_secret", _checkpointSecret));
        byte[] record = keys.Encode();
        keys.Erase();
        _vault.Put(IdentityKind, IdentityKind, record);
        AtomicFile.WriteAllBytes(Path.Combine(home, IdentityFile), Encoding.UTF8.GetBytes($"{Identity}\n"));
        CryptographicOperations.ZeroMemory(signingKey);
        CryptographicOperations.ZeroMemory(sealingKey);
        CryptographicOperations.ZeroMemory(record);
    }
}
