using Orchestrator.Sdk;

namespace Orchestrator.Bench;

/// <summary>A party that owns program and data, and seals them by the command. Its home folder is in the scratch folder.</summary>
internal sealed class Tenant
{
    public const string Name = "tenant";

    private readonly string _home;
    private readonly string _keyFile;

    public Tenant(Scratch scratch)
    {
        _home = scratch["home"];
        _keyFile = scratch["home.key"];
        Child.Run(Command("party", "init", Name));
    }

    /// <summary>The command with arguments, and the options that open this party's home.</summary>
    public string[] Command(params string[] arguments) => [Built.PathOf(Built.Orchestrator), .. arguments, "--home", _home, "--key-file", _keyFile];

    public void SealProgram(string archive, string output) => Child.Run(Command("program", "seal", archive, "-o", output));

    public string[] SealCommand(string data, string schema, string output) => Command("data", "seal", data, "--schema", schema, "-o", output);

    /// <summary>The same party in this process.</summary>
    public async Task<Party> OpenAsync()
    {
        using StoreSecret secret = StoreSecret.FromKeyFile(_keyFile);
        return await Party.OpenAsync(_home, secret);
    }
}
