using Orchestrator.Contracts.Manifests;

namespace Orchestrator.Sdk.Tests;

/// <summary>A lab with a program and two clinics with data, each with a home folder of its own, and sealed files of all.</summary>
internal sealed class Consortium : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Consortium()
    {
    }

    public Party Lab { get; private set; } = null!;

    public Party ClinicA { get; private set; } = null!;

    public Party ClinicB { get; private set; } = null!;

    public IReadOnlyList<Party> All => [Lab, ClinicA, ClinicB];

    public string this[string name] => _folder[name];

    public static async Task<Consortium> CreateAsync()
    {
        var made = new Consortium();
        using StoreSecret secret = StoreSecret.FromPassphrase(Samples.Passphrase);
        made.Lab = await Party.CreateAsync(made["lab-home"], "lab", secret);
        made.ClinicA = await Party.CreateAsync(made["clinic-a-home"], "clinic-a", secret);
        made.ClinicB = await Party.CreateAsync(made["clinic-b-home"], "clinic-b", secret);
        File.Copy(Samples.Program, made["model.pt"]);
        await made.Lab.SealProgramAsync(made["model.pt"], made["model.itx"]);
        await SealAsync(made.ClinicA, made, "a", 40);
        await SealAsync(made.ClinicB, made, "b", 24);
        return made;
    }

    public string JobYaml(int serial = 0, int epochs = 3) => Samples.JobYaml(
        All, "lab", "lab", "model.itx", [("clinic-a", "train", "a.itx"), ("clinic-b", "evaluate", "b.itx")], serial, epochs);

    public Manifest Compile(int serial = 0, int epochs = 3) => JobCompiler.Compile(JobFile.Parse(JobYaml(serial, epochs), _folder.Path));

    public void Dispose()
    {
        foreach (Party party in All)
        {
            party.Dispose();
        }

        _folder.Dispose();
    }

    private static async Task SealAsync(Party party, Consortium files, string name, int records)
    {
        File.WriteAllText(files[$"{name}.csv"], Samples.Csv(records));
        await party.SealAsync(files[$"{name}.csv"], Samples.Schema, files[$"{name}.itx"]);
    }
}
