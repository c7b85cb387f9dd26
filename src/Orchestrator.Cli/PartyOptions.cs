using System.CommandLine;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli;

/// <summary>The options by which a command finds and opens the party's home folder, and its host.</summary>
internal sealed class PartyOptions(Terminal terminal)
{
    private const string HomeVariable = "ORCHESTRATOR_HOME";
    private const string PassphraseVariable = "ORCHESTRATOR_PASSPHRASE";
    private const string HostVariable = "ORCHESTRATOR_HOST";

    private readonly Option<string?> _home = new("--home") { Description = $"Folder of the party's keys. Default: {HomeVariable}, or ~/.orchestrator.", HelpName = "DIR" };
    private readonly Option<string?> _passphraseFile = new("--passphrase-file") { Description = $"File whose first line is the passphrase. Default: {PassphraseVariable}, or a question on the terminal.", HelpName = "FILE" };
    private readonly Option<string?> _keyFile = new("--key-file") { Description = "Key file that opens the key store instead of a passphrase.", HelpName = "FILE" };
    private readonly Option<string?> _host = new("--host") { Description = $"The host. Default: {HostVariable}, or the only host that this home knows.", HelpName = "URL" };
    private readonly Option<string?> _fingerprint = new("--fingerprint") { Description = "SHA-256 of the host's certificate, from its operator. Default: the one remembered from the first contact.", HelpName = "HEX" };

    /// <summary>Adds the options of a command that works on the key store.</summary>
    public void AddKeysTo(Command command)
    {
        command.Options.Add(_home);
        command.Options.Add(_passphraseFile);
        command.Options.Add(_keyFile);
    }

    /// <summary>Adds the options of a command that also talks to a host.</summary>
    public void AddHostTo(Command command)
    {
        AddKeysTo(command);
        command.Options.Add(_host);
        command.Options.Add(_fingerprint);
    }

    public string HomeOf(ParseResult parsed) => parsed.GetValue(_home) ?? terminal.Variable(HomeVariable) ?? Party.DefaultHome;

    /// <summary>Makes the party's home folder, and its key file if one is asked for and not there.</summary>
    public async Task<Party> CreateAsync(ParseResult parsed, string name)
    {
        KeyStore.RequireNew(HomeOf(parsed), name);
        if (parsed.GetValue(_keyFile) is { } keyFile && !File.Exists(keyFile))
        {
            StoreSecret.CreateKeyFile(keyFile);
        }

        using StoreSecret secret = Secret(parsed, isNew: true);
        return await Party.CreateAsync(HomeOf(parsed), name, secret, terminal.Clock);
    }

    /// <summary>Opens the party's home folder.</summary>
    public async Task<Party> OpenAsync(ParseResult parsed)
    {
        string home = HomeOf(parsed);
        KeyStore.RequireAt(home);
        using StoreSecret secret = Secret(parsed, isNew: false);
        return await Party.OpenAsync(home, secret, terminal.Clock);
    }

    /// <summary>Connects to the host; says so when its certificate is taken on trust.</summary>
    public async Task<HostConnection> ConnectAsync(ParseResult parsed, Party party, CancellationToken cancel)
    {
        HostConnection host = await party.ConnectAsync(HostOf(parsed, party), FingerprintOf(parsed), cancel);
        if (host.IsFirstContact)
        {
            terminal.Note($"first contact with {host.Address.Authority}: remembering its certificate {host.Fingerprint}; compare it with what the host's operator says");
        }

        return host;
    }

    private string HostOf(ParseResult parsed, Party party)
    {
        string? named = parsed.GetValue(_host) ?? terminal.Variable(HostVariable);
        return (named, party.Keys.Hosts) switch
        {
            ({ } url, _) => url,
            (null, [var only]) => $"https://{only}",
            _ => throw new OrchestratorException(CliErrors.NoHost, $"No host was named, and this home knows {party.Keys.Hosts.Count} hosts."),
        };
    }

    private Digest? FingerprintOf(ParseResult parsed)
    {
        if (parsed.GetValue(_fingerprint) is not { } text)
        {
            return null;
        }

        return Digest.TryParse(text.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant(), out Digest fingerprint)
            ? fingerprint
            : throw new OrchestratorException(ConnectionErrors.FingerprintInvalid, $"\"{text}\" is not 64 hexadecimal digits.");
    }

    private StoreSecret Secret(ParseResult parsed, bool isNew)
    {
        if (parsed.GetValue(_keyFile) is { } keyFile)
        {
            return StoreSecret.FromKeyFile(keyFile);
        }

        if (parsed.GetValue(_passphraseFile) is { } file)
        {
            return StoreSecret.FromPassphraseFile(file);
        }

        return StoreSecret.FromPassphrase(terminal.Variable(PassphraseVariable) ?? Ask(isNew));
    }

    private string Ask(bool isNew)
    {
        string passphrase = terminal.AskSecret(isNew ? "New passphrase: " : "Passphrase: ")
            ?? throw new OrchestratorException(CliErrors.NoPassphrase, "No passphrase was given, and there is no terminal to ask on.");
        if (isNew && terminal.AskSecret("Once more: ") != passphrase)
        {
            throw new OrchestratorException(CliErrors.PassphraseMismatch, "The two passphrases differ.");
        }

        return passphrase;
    }
}
