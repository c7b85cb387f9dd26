using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// A party on its own machine: its keys, and what it does with them. Everything that a party can do starts here;
/// the command <c>orchestrator</c> does nothing that this class cannot.
/// </summary>
/// <example>
/// <code>
/// using Party me = await Party.OpenAsync("clinic", "a long passphrase");
/// await me.SealAsync("clinic.csv", schema, "clinic.itx");
/// await using HostConnection host = await me.ConnectAsync("https://127.0.0.1:7443");
/// await host.PushAsync("clinic.itx");
/// </code>
/// </example>
public sealed class Party : IDisposable
{
    private Party(string home, KeyStore keys, TimeProvider time)
    {
        Home = home;
        Keys = keys;
        Time = time;
    }

    /// <summary>The party's name, the same at every host.</summary>
    public string Name => Keys.Identity.Name;

    /// <summary>What others need to know of the party.</summary>
    public PartyIdentity Identity => Keys.Identity;

    /// <summary>The folder that holds the key store and the log of releases.</summary>
    public string Home { get; }

    /// <summary>The party's keys.</summary>
    public KeyStore Keys { get; }

    internal TimeProvider Time { get; }

    /// <summary>The home folder when none is named: <c>~/.orchestrator</c>.</summary>
    public static string DefaultHome => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".orchestrator");

    /// <summary>Makes a party with fresh keys.</summary>
    /// <exception cref="OrchestratorException">As <see cref="KeyStore.Create(string, string, StoreSecret)"/>.</exception>
    public static Task<Party> CreateAsync(string home, string name, StoreSecret secret, TimeProvider? time = null) =>
        Task.Run(() => new Party(home, KeyStore.Create(home, name, secret), time ?? TimeProvider.System));

    /// <inheritdoc cref="CreateAsync(string, string, StoreSecret, TimeProvider?)"/>
    public static async Task<Party> CreateAsync(string home, string name, string passphrase)
    {
        using StoreSecret secret = StoreSecret.FromPassphrase(passphrase);
        return await CreateAsync(home, name, secret);
    }

    /// <summary>Opens a party's home folder.</summary>
    /// <exception cref="OrchestratorException">As <see cref="KeyStore.Open"/>.</exception>
    public static Task<Party> OpenAsync(string home, StoreSecret secret, TimeProvider? time = null) =>
        Task.Run(() => new Party(home, KeyStore.Open(home, secret), time ?? TimeProvider.System));

    /// <inheritdoc cref="OpenAsync(string, StoreSecret, TimeProvider?)"/>
    public static async Task<Party> OpenAsync(string home, string passphrase)
    {
        using StoreSecret secret = StoreSecret.FromPassphrase(passphrase);
        return await OpenAsync(home, secret);
    }

    /// <summary>Seals a data file: CSV (.csv), NumPy (.npy, .npz) or text (.txt), by its extension. Constant memory, all cores.</summary>
    /// <param name="source">The data.</param>
    /// <param name="schema">What its records are.</param>
    /// <param name="destination">The sealed file; replaced as a whole or left as it was.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="frameSize">Plaintext bytes of a frame, <see cref="StreamLimits.MinFrameSize"/> to <see cref="StreamLimits.MaxFrameSize"/>; rounded down to whole records.</param>
    /// <param name="cancel">Gives up; nothing is left behind.</param>
    /// <returns>What a launcher needs to know of it.</returns>
    /// <exception cref="OrchestratorException">A <c>data-*</c> or <c>storage-*</c> code.</exception>
    public Task<StreamCard> SealAsync(
        string source,
        DataSchema schema,
        string destination,
        IProgress<WorkProgress>? progress = null,
        int frameSize = StreamLimits.DefaultFrameSize,
        CancellationToken cancel = default) =>
        Task.Run(() => new Sealer(Keys, Time).SealData(source, schema, destination, frameSize, progress, cancel), cancel);

    /// <summary>Seals a program: a TorchScript archive, as <c>torch.jit.script(m).save()</c> writes it.</summary>
    /// <inheritdoc cref="SealAsync"/>
    public Task<StreamCard> SealProgramAsync(string source, string destination, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Task.Run(() => new Sealer(Keys, Time).SealProgram(source, destination, progress, cancel), cancel);

    /// <summary>Seals a file as it is, for a prepare stage of a job.</summary>
    /// <inheritdoc cref="SealAsync"/>
    public Task<StreamCard> SealFileAsync(
        string source, string destination, IProgress<WorkProgress>? progress = null, int frameSize = StreamLimits.DefaultFrameSize, CancellationToken cancel = default) =>
        Task.Run(() => new Sealer(Keys, Time).SealFile(source, destination, frameSize, progress, cancel), cancel);

    /// <summary>Opens a sealed file of this party from end to end, and throws if a byte of it is not as it was sealed.</summary>
    /// <exception cref="OrchestratorException">A <c>stream-*</c> code, or <see cref="KeyStoreErrors.NoStreamKey"/>.</exception>
    public Task<StreamCard> VerifyAsync(string path, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Task.Run(() => new Sealer(Keys, Time).Verify(path, progress, cancel), cancel);

    /// <summary>Connects to a host, makes the party known there and logs it in.</summary>
    /// <param name="address">An https URL.</param>
    /// <param name="fingerprint">SHA-256 of the host's certificate, if the operator gave it; otherwise the certificate of the first contact is remembered.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="ConnectionErrors"/>, or the host's refusal.</exception>
    public async Task<HostConnection> ConnectAsync(string address, Digest? fingerprint = null, CancellationToken cancel = default)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new OrchestratorException(ConnectionErrors.AddressInvalid, $"\"{address}\" is not an https URL.");
        }

        Digest? known = Keys.FindHost(uri.Authority);
        var link = new HostLink(uri, fingerprint ?? known, Keys, Time);
        try
        {
            await link.RegisterAsync(cancel);
            await link.AuthorizeAsync(cancel);
            if (link.Fingerprint != known)
            {
                Keys.AddHost(uri.Authority, link.Fingerprint);
            }

            return new HostConnection(this, uri, link, isFirstContact: known is null && fingerprint is null);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>Erases the keys from memory.</summary>
    public void Dispose() => Keys.Dispose();

    /// <summary>Checks that a manifest names this party, by its own keys.</summary>
    /// <exception cref="OrchestratorException"><see cref="JobErrors.NotNamed"/>.</exception>
    internal void RequireNamedIn(Manifest manifest)
    {
        if (manifest.FindParty(Name) is not { } named || !named.SigningKey.Equals(Identity.SigningKey) || !named.SealingKey.Equals(Identity.SealingKey))
        {
            throw new OrchestratorException(JobErrors.NotNamed, $"The manifest {manifest.Digest} does not name {Name} with the keys of this key store.");
        }
    }
}
