namespace Orchestrator.Demo;

/// <summary>A party of the demonstration: a name, a folder with its keys, and what it types.</summary>
internal sealed class Actor(string name, string folder, Command command, Story story)
{
    private readonly string _passphraseFile = Path.Combine(folder, "passphrase");

    public string Name => name;

    public string Folder => folder;

    public string Home => Path.Combine(folder, "home");

    /// <summary>Public identity, after <see cref="InitAsync"/>.</summary>
    public string Identity { get; private set; } = string.Empty;

    public string PathOf(string file) => Path.Combine(folder, file);

    public async Task InitAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(_passphraseFile, $"{Passphrase}\n", cancel);
        Identity = (await TypeAsync(["party", "init", name], OptionsOfKeys, cancel)).Trim();
    }

    public string Passphrase => $"passphrase of {name}";

    /// <summary>Runs a command in this party's name, and tells it without the options that only say where things are.</summary>
    public Task<string> TypeAsync(IReadOnlyList<string> told, IReadOnlyList<string> untold, CancellationToken cancel)
    {
        story.Typed(name, string.Join(' ', told.Select(Shorten)));
        return command.RunAsync([.. told, .. untold], line: null, cancel);
    }

    /// <summary>As <see cref="TypeAsync"/>, and shows what the command prints, as it comes.</summary>
    public Task<string> TypeAndShowAsync(IReadOnlyList<string> told, IReadOnlyList<string> untold, CancellationToken cancel)
    {
        story.Typed(name, string.Join(' ', told.Select(Shorten)));
        return command.RunAsync([.. told, .. untold], story.Line, cancel);
    }

    private string Shorten(string argument) => argument switch
    {
        _ when argument.StartsWith(folder, StringComparison.Ordinal) => Path.GetRelativePath(folder, argument),
        _ when Path.IsPathFullyQualified(argument) => Path.GetRelativePath(Directory.GetCurrentDirectory(), argument),
        _ => argument,
    };

    public IReadOnlyList<string> OptionsOfKeys => ["--home", Home, "--passphrase-file", _passphraseFile];

    public IReadOnlyList<string> OptionsOfHost(Uri host) => [.. OptionsOfKeys, "--host", host.ToString().TrimEnd('/')];

    /// <summary>Starts the party's release agent.</summary>
    public Service StartAgent(Uri host, string policy)
    {
        story.Typed(name, $"agent run --policy {Path.GetFileName(policy)}");
        return command.Start(PathOf("agent.log"), ["agent", "run", "--policy", policy, .. OptionsOfHost(host)]);
    }
}
