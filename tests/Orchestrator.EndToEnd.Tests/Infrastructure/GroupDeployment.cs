using System.Diagnostics;
using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>
/// A deployment with a real shim, which knows the example of a join and variants of it, and shows a publisher's endorsement of what its groups measure, as the
/// parties demand.
/// </summary>
/// <param name="uvm">Folder of a utility VM's image, in which groups then run; null: they run in sandboxes.</param>
public class GroupDeployment(string? uvm = null) : Deployment
{
    /// <summary>The group of the example.</summary>
    internal const string Example = "group";

    /// <summary>One whose container waits long enough to be met at work.</summary>
    internal const string Slow = "slow";

    private const string FirstWord = "awk -F,";

    internal Service Shim { get; private set; } = null!;

    internal override IEnumerable<string> HostOptions => ["--shim", Shim.Address.ToString()];

    /// <summary>What the shim keeps temporary files in.</summary>
    internal string ShimTemporary => Folder["shim-temporary"];

    internal string ShimState => Folder["shim"];

    /// <summary>Group files by name, as changes to the example's text.</summary>
    internal virtual IReadOnlyDictionary<string, Func<string, string>> Variants { get; } = new Dictionary<string, Func<string, string>>
    {
        [Example] = text => text,
        [Slow] = text => Before(text, "sleep 3;"),
    };

    private string[] Guests => uvm is null ? [] : ["--uvm", uvm];

    public override async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Folder["group"]);
        Directory.CreateDirectory(ShimTemporary);
        await RunScriptAsync("busybox-image.sh", Path.Combine(Folder["group"], "busybox.tar"));
        await RunScriptAsync("split.sh", Repository.PathOf("training", "datasets"), Folder[""]);
        string example = await File.ReadAllTextAsync(Repository.PathOf("examples", "join", "group.yaml"));
        foreach ((string name, Func<string, string> change) in Variants)
        {
            await File.WriteAllTextAsync(GroupFile(name), change(example));
        }

        string issuer = await EndorseAsync("publisher");
        Shim = await StartShimAsync();
        await base.InitializeAsync();
        foreach (Participant party in Parties.All)
        {
            await party.StopAgentAsync();
            await File.AppendAllTextAsync(party.PolicyFile, $"""

                snp:
                  roots: ["{Folder["psp"]}/ark.pem"]
                  crl: "{Folder["psp"]}/crl.der"
                  allow: [{(uvm is null ? "simulated, sandbox" : "simulated")}]
                  endorsers: [{"{"}issuer: "{issuer}", feed: orchestrator-uvm, minimum_svn: 1{"}"}]

                """);
            await party.StartAgentAsync();
        }

        await SealAsync(Parties.ClinicA, "west");
        await SealAsync(Parties.ClinicB, "east");
    }

    public override async ValueTask DisposeAsync()
    {
        if (Shim is not null)
        {
            await Shim.DisposeAsync();
            await base.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Kills the shim, and starts it again where the host looks for it.</summary>
    /// <param name="state">Its folder; null: the one that it had.</param>
    /// <param name="publisher">Whose endorsement it shows; null: none.</param>
    internal async Task RestartShimAsync(string? state = null, string? publisher = "publisher")
    {
        Service killed = Shim;
        await killed.KillAsync();
        Shim = await StartShimAsync(killed.Address.Authority, state, publisher);
        await killed.DisposeAsync();
    }

    /// <summary>Has a simulated publisher endorse what groups here measure.</summary>
    /// <returns>Who the publisher is.</returns>
    internal async Task<string> EndorseAsync(string publisher)
    {
        using JsonDocument endorsed = JsonDocument.Parse((await Executable.RunAsync(
            Executable.Orchestrator, ["group", "endorse", "--publisher", Folder[publisher], "--out", EndorsementOf(publisher), "--json", .. Guests])).Output);
        return endorsed.RootElement.GetProperty("issuer").GetString()!;
    }

    /// <summary>A job that was not proposed before: the join of both clinics' files by a group, evaluated on the lab's data.</summary>
    internal async Task<JobFile> NewJoinAsync(string group = Example)
    {
        using JsonDocument policy = JsonDocument.Parse((await Executable.RunAsync(Executable.Orchestrator, "policy", "generate", GroupFile(group), "--json")).Output);
        using JsonDocument agent = JsonDocument.Parse((await Executable.RunAsync(Executable.Orchestrator, ["shim", "measure", "--json", .. Guests])).Output);
        return NewJob() with
        {
            Data = [NewJob().Data[^1]],
            Stages =
            [
                new StageSource(
                    "join",
                    Digest.Parse(policy.RootElement.GetProperty("digest").GetString()!),
                    [Measurement.Parse(agent.RootElement.GetProperty("measurement").GetString()!)],
                    [("east.csv", new StreamSource("clinic-b", null, Folder["east.itx"])), ("west.csv", new StreamSource("clinic-a", null, Folder["west.itx"]))],
                    [new StageResult("joined.csv", StreamRole.Train, Consortium.Schema, 1000, 2048)],
                    new StageDevices(
                        [.. TrustAnchors.None.WithPem(await File.ReadAllTextAsync(Path.Combine(Vendor, "root.pem"))).Roots.Select(root => root.Der)],
                        DeviceAllowances.SimulatedDevices | DeviceAllowances.UnconfinedTiles | DeviceAllowances.UnknownRevocation)),
            ],
        };
    }

    internal string GroupFile(string name) => Path.Combine(Folder["group"], $"{name}.yaml");

    /// <summary>The example with something that its container does first.</summary>
    private protected static string Before(string example, string command) => example.Replace(FirstWord, $"{command} {FirstWord}", StringComparison.Ordinal);

    // An image as it is built has an endorsement beside it, which a shim shows that is given none.
    private string[] UnendorsedGuests()
    {
        if (uvm is null)
        {
            return [];
        }

        string image = Directory.CreateDirectory(Folder["unendorsed"]).FullName;
        foreach (string file in Directory.GetFiles(uvm).Where(file => Path.GetFileName(file) != "endorsement.cose"))
        {
            File.Copy(file, Path.Combine(image, Path.GetFileName(file)), overwrite: true);
        }

        return ["--uvm", image];
    }

    private string EndorsementOf(string publisher) => Folder[$"{publisher}.cose"];

    private Task<Service> StartShimAsync(string listen = "127.0.0.1:0", string? state = null, string? publisher = "publisher") => Service.StartAsync(
        "shim",
        [
            "--state", state ?? ShimState, "--psp", Folder["psp"], "--listen", listen, .. Variants.Keys.SelectMany(name => (string[])["--group", GroupFile(name)]),
            .. publisher is null ? UnendorsedGuests() : [.. Guests, "--endorsement", EndorsementOf(publisher)],
        ],
        [("TMPDIR", ShimTemporary)]);

    private async Task SealAsync(Participant owner, string name)
    {
        await owner.Party.SealFileAsync(Folder[$"{name}.csv"], Folder[$"{name}.itx"], frameSize: 4096);
        await owner.Host.PushAsync(Folder[$"{name}.itx"]);
    }

    private static async Task RunScriptAsync(string script, params string[] arguments)
    {
        using Process process = Process.Start(Repository.PathOf("examples", "join", script), arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
