using System.Globalization;
using Orchestrator.Attack.Groups;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>A deployment whose host has a shim: two clinics hold different columns of the same patients, and a group joins them before the device trains.</summary>
public sealed class JoinDeployment : Deployment
{
    internal const string Stage = "join";

    private const int FeaturesOfA = 12;

    internal StandInShim Shim { get; private set; } = null!;

    internal Digest Policy { get; } = Digest.Of("an execution policy"u8);

    internal override IEnumerable<string> HostOptions => ["--shim", Shim.Address.ToString()];

    /// <summary>The joined table as the containers make it, for comparison.</summary>
    internal string Joined => Folder["joined.csv"];

    public override async ValueTask InitializeAsync()
    {
        Shim = await StandInShim.StartAsync(Folder["shim"], Join);
        await base.InitializeAsync();
        foreach (Participant party in Parties.All)
        {
            await party.StopAgentAsync();
            await AddGroupsAsync(party);
            await party.StartAgentAsync();
        }

        await SplitAsync();
        await Parties.ClinicA.Party.SealFileAsync(Folder["west.csv"], Folder["west.itx"], frameSize: 4096);
        await Parties.ClinicB.Party.SealFileAsync(Folder["east.csv"], Folder["east.itx"], frameSize: 4096);
        await Parties.ClinicA.Host.PushAsync(Folder["west.itx"]);
        await Parties.ClinicB.Host.PushAsync(Folder["east.itx"]);
    }

    public override async ValueTask DisposeAsync()
    {
        // Its groups' memory is in the folder that the rest removes.
        await (Shim?.DisposeAsync() ?? ValueTask.CompletedTask);
        await base.DisposeAsync();
    }

    /// <summary>A job that was not proposed before: the join of both clinics' files, evaluated on the lab's data.</summary>
    internal JobFile NewJoin(long mostRecords = 1000) => NewJob() with
    {
        Data = [NewJob().Data[^1]],
        Stages =
        [
            new StageSource(
                Stage,
                Policy,
                [StandInShim.Measurement],
                [("east", new StreamSource("clinic-b", null, Folder["east.itx"])), ("west", new StreamSource("clinic-a", null, Folder["west.itx"]))],
                [new StageResult("joined.csv", StreamRole.Train, Consortium.Schema, mostRecords, 2048)],
                new StageDevices(
                    [.. TrustAnchors.None.WithPem(File.ReadAllText(Path.Combine(Vendor, "root.pem"))).Roots.Select(root => root.Der)],
                    DeviceAllowances.SimulatedDevices | DeviceAllowances.UnconfinedTiles | DeviceAllowances.UnknownRevocation)),
        ],
    };

    internal async Task AddGroupsAsync(Participant party, string allow = "simulated, sandbox") => await File.AppendAllTextAsync(party.PolicyFile, $"""

        snp:
          roots: ["{Shim.RootFile}"]
          crl: "{Shim.RevocationsFile}"
          allow: [{allow}]

        """);

    private static void Join(string inputs, string outputs)
    {
        Dictionary<string, string> east = File.ReadLines(Path.Combine(inputs, "east")).ToDictionary(Key, Rest);
        File.WriteAllLines(
            Path.Combine(outputs, "joined.csv"),
            File.ReadLines(Path.Combine(inputs, "west")).Where(line => east.ContainsKey(Key(line))).Select(line => $"{Rest(line)},{east[Key(line)]}"));

        static string Key(string line) => line[..line.IndexOf(',', StringComparison.Ordinal)];

        static string Rest(string line) => line[(line.IndexOf(',', StringComparison.Ordinal) + 1)..];
    }

    // Both clinics' patients, each with a number; A has some columns of them, B the others, in another order, and each some patients of its own.
    private async Task SplitAsync()
    {
        string[][] patients = [.. Consortium.Plaintexts.Take(2).SelectMany((path, file) => File.ReadLines(path).Skip(file == 0 ? 0 : 1)).Select(line => line.Split(','))];
        string Number(int index) => index == 0 ? "patient" : string.Create(CultureInfo.InvariantCulture, $"P{index * 7919 % 100_003:D6}");
        await File.WriteAllLinesAsync(Folder["west.csv"], patients.Select((cells, index) => $"{Number(index)},{string.Join(',', cells.Take(FeaturesOfA))}").Append("P999998," + string.Join(',', patients[1].Take(FeaturesOfA))));
        IEnumerable<string> east = patients.Select((cells, index) => $"{Number(index)},{string.Join(',', cells.Skip(FeaturesOfA))}");
        await File.WriteAllLinesAsync(Folder["east.csv"], [east.First(), .. east.Skip(1).Reverse()]);
        await File.WriteAllLinesAsync(Joined, patients.Select(cells => string.Join(',', cells)));
    }
}
