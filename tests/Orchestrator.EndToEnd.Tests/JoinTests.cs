using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>The example of a join with all that is real: shim, guest agent, image, container. Needs root, as sandboxes do.</summary>
public sealed class JoinTests : IAsyncLifetime
{
    private readonly RealJoin _deployment = new();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Groups need root.");
        Assert.SkipUnless(File.Exists("/usr/bin/crun") && File.Exists("/usr/bin/busybox"), "crun or busybox-static is not installed.");
        await _deployment.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _deployment.DisposeAsync();

    [Fact]
    public async Task Example_JoinsInAContainer_AndTheHostHasSeenNoPatient()
    {
        (Digest name, JobEvent last, _) = await _deployment.RunAsync(await _deployment.NewJoinAsync());

        Assert.True(last.State == JobState.Completed, last.ToString());
        string result = _deployment.Folder["result"];
        await _deployment.Parties.Lab.Host.ResultAsync(name, result, _deployment.Parties.Lab.Policy);
        VerifiedReceipt receipt = ReceiptCheck.VerifyFile(Path.Combine(result, "receipt.cose"), _deployment.Parties.Lab.Policy);
        Assert.Equal(455, Assert.Single(receipt.Receipt.Preparations).Outputs.Single().Records);

        byte[] patient = System.Text.Encoding.UTF8.GetBytes(File.ReadLines(_deployment.Folder["west.csv"]).ElementAt(7));
        Assert.All(
            Directory.GetFiles(_deployment.HostState, "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(_deployment.Folder["shim"], "*", SearchOption.AllDirectories))
                .Where(file => Path.GetFileName(file) != "lock"),
            file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(patient) < 0, file));
        Assert.DoesNotContain("P0", _deployment.Shim.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stage_WhoseAgentOrShimIsKilled_IsPreparedByAnotherGroup(bool shim)
    {
        Digest name = await _deployment.Parties.AgreeOnAsync(await _deployment.NewJoinAsync(slow: true));
        await using JobFollower follower = _deployment.Follow(name);
        await follower.UntilAsync("stage_running");
        int guest = _deployment.GuestProcess();
        await (shim ? _deployment.RestartShimAsync() : RealJoin.KillGuestAsync(guest));

        JobEvent last = await follower.ToEndAsync();

        Assert.True(last.State == JobState.Completed, follower.ToString());
        Assert.Equal(2, follower.Events.Count(happened => happened.Kind == "group_attested"));
        Assert.False(Directory.Exists($"/proc/{guest}"));
    }

    /// <summary>A deployment with a real shim, which knows the example's group and has a publisher's endorsement of the agent, as the parties demand.</summary>
    private sealed class RealJoin : Deployment
    {
        internal Service Shim { get; private set; } = null!;

        internal override IEnumerable<string> HostOptions => ["--shim", Shim.Address.ToString()];

        private string Group => Path.Combine(Folder["group"], "group.yaml");

        // Its container waits long enough to be met at work.
        private string SlowGroup => Path.Combine(Folder["group"], "slow.yaml");

        public override async ValueTask InitializeAsync()
        {
            Directory.CreateDirectory(Folder["group"]);
            File.Copy(Repository.PathOf("examples", "join", "group.yaml"), Group);
            await RunScriptAsync("busybox-image.sh", Path.Combine(Folder["group"], "busybox.tar"));
            await RunScriptAsync("split.sh", Repository.PathOf("training", "datasets"), Folder[""]);
            await File.WriteAllTextAsync(SlowGroup, (await File.ReadAllTextAsync(Group)).Replace("awk -F,", "sleep 3; awk -F,", StringComparison.Ordinal));
            using JsonDocument endorsed = JsonDocument.Parse((await Executable.RunAsync(Executable.Orchestrator, "group", "endorse", "--publisher", Folder["publisher"], "--out", Folder["agent.cose"], "--json")).Output);
            Shim = await StartShimAsync("127.0.0.1:0");
            await base.InitializeAsync();
            foreach (Participant party in Parties.All)
            {
                await party.StopAgentAsync();
                await File.AppendAllTextAsync(party.PolicyFile, $"\nsnp:\n  roots: [\"{Folder["psp"]}/ark.pem\"]\n  crl: \"{Folder["psp"]}/crl.der\"\n  allow: [simulated, sandbox]\n  endorsers: [{{issuer: \"{endorsed.RootElement.GetProperty("issuer").GetString()}\", minimum_svn: 1}}]\n");
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
        }

        /// <summary>The agent of the one group that runs.</summary>
        internal int GuestProcess() => Descendants(Shim.ProcessId).Single(id => File.ReadAllText($"/proc/{id}/comm").StartsWith("Orchestrator.Gu", StringComparison.Ordinal));

        internal static async Task KillGuestAsync(int guest)
        {
            using var process = Process.GetProcessById(guest);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        /// <summary>Kills the shim, and starts it again where the host looks for it.</summary>
        internal async Task RestartShimAsync()
        {
            Service killed = Shim;
            await killed.KillAsync();
            Shim = await StartShimAsync(killed.Address.Authority);
            await killed.DisposeAsync();
        }

        private Task<Service> StartShimAsync(string listen) =>
            Service.StartAsync("shim", "--state", Folder["shim"], "--psp", Folder["psp"], "--group", Group, "--group", SlowGroup, "--endorsement", Folder["agent.cose"], "--listen", listen);

        private static IEnumerable<int> Descendants(int id) => Directory.GetDirectories($"/proc/{id}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture))
            .SelectMany(child => Descendants(child).Append(child))
            .ToList();

        internal async Task<JobFile> NewJoinAsync(bool slow = false)
        {
            using JsonDocument policy = JsonDocument.Parse((await Executable.RunAsync(Executable.Orchestrator, "policy", "generate", slow ? SlowGroup : Group, "--json")).Output);
            using JsonDocument agent = JsonDocument.Parse((await Executable.RunAsync(Executable.Orchestrator, "shim", "measure", "--json")).Output);
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
}
