using System.Globalization;
using Orchestrator.Attack;
using Orchestrator.Attack.Attacks;
using Orchestrator.Attack.Ranges;
using Orchestrator.Attack.Relay;
using Orchestrator.Sdk;
using Spectre.Console;
using Recorder = Orchestrator.Attack.Attacks.Recorder;

namespace Orchestrator.Demo;

/// <summary>What the demonstration showed; its text is the last line.</summary>
internal sealed record Findings(double Accuracy, bool PlaintextEqual, bool ReceiptVerified, int Stopped, int Attacks, TimeSpan Elapsed)
{
    public const double LeastAccuracy = 0.95;

    public bool Holds => Accuracy >= LeastAccuracy && PlaintextEqual && ReceiptVerified && Stopped == Attacks;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"demo: {(Holds ? "ok" : "FAILED")} accuracy={Accuracy:0.0000} plaintext_equal={(PlaintextEqual ? "yes" : "NO")} receipt={(ReceiptVerified ? "verified" : "REFUSED")} attacks_stopped={Stopped}/{Attacks} seconds={Elapsed.TotalSeconds:0}");
}

/// <summary>
/// Two clinics and a lab train one model on the Wisconsin breast cancer data, each party with its own keys and processes; then the
/// host attacks. Every step is what a user would type.
/// </summary>
internal sealed class Demonstration(Command command, Story story, string folder, string datasets, string programs)
{
    private readonly string _datasets = Path.GetFullPath(datasets);
    private readonly string _programs = Path.GetFullPath(programs);

    public async Task<Findings> RunAsync(CancellationToken cancel)
    {
        await using var scene = new Scene(folder, command, story);
        Actor lab = scene.Party("lab");
        Actor clinicA = scene.Party("clinic-a");
        Actor clinicB = scene.Party("clinic-b");
        IReadOnlyList<Actor> everyone = [lab, clinicA, clinicB];
        var steps = new Steps(command, story, _datasets);

        story.Chapter("A rented machine: an untrusted host, and a simulated accelerator behind it");
        Uri device = await scene.StartDeviceAsync("device", cancel, "--vendor", scene.VendorFolder);
        HostileRelay relay = scene.Keep(await HostileRelay.StartAsync(device, cancel));
        var material = new AttackMaterial();
        relay.Mount(new Recorder(material.Earlier), device);
        Uri host = await scene.StartHostAsync(relay.Address, cancel);
        story.Line($"host {host}, device {device}");

        story.Chapter("Three parties make their keys");
        foreach (Actor actor in everyone)
        {
            await actor.InitAsync(cancel);
        }

        story.Chapter("Each seals what it brings, on its own machine, and pushes ciphertext to the host");
        string schema = Path.Combine(_datasets, "wdbc.schema.yaml");
        await steps.SealDataAsync(clinicA, "clinic-a.csv", schema, host, cancel);
        await steps.SealDataAsync(clinicB, "clinic-b.csv", schema, host, cancel);
        await steps.SealDataAsync(lab, "holdout.csv", schema, host, cancel);
        await Steps.SealProgramAsync(lab, Path.Combine(_programs, "wdbc_mlp.pt"), host, cancel);

        story.Chapter("Each says to what its keys may go, and leaves an agent running");
        foreach (Actor actor in everyone)
        {
            await File.WriteAllTextAsync(actor.PathOf("policy.yaml"), JobText.Policy(scene.VendorRoot, Path.Combine(scene.VendorFolder, "collateral.cose")), cancel);
            scene.Keep(actor.StartAgent(host, actor.PathOf("policy.yaml")));
        }

        story.Chapter("The lab proposes a job; the clinics review and approve the same bytes");
        string jobFile = lab.PathOf("job.yaml");
        await File.WriteAllTextAsync(jobFile, JobText.Job(
            everyone.Select(actor => actor.Identity),
            await steps.MeasureAsync(cancel),
            lab.PathOf("program.itx"),
            [("clinic-a", "train", clinicA.PathOf("clinic-a.itx")), ("clinic-b", "train", clinicB.PathOf("clinic-b.itx")), ("lab", "evaluate", lab.PathOf("holdout.itx"))]), cancel);
        await lab.TypeAndShowAsync(["job", "plan", jobFile], lab.OptionsOfKeys, cancel);
        string job = (await lab.TypeAsync(["job", "propose", jobFile], lab.OptionsOfHost(host), cancel)).Trim();
        story.Line($"the job is named by what it says: {job}");
        await clinicA.TypeAndShowAsync(["job", "review", job], clinicA.OptionsOfHost(host), cancel);
        await clinicA.TypeAsync(["job", "approve", job], clinicA.OptionsOfHost(host), cancel);
        await clinicB.TypeAsync(["job", "approve", job], clinicB.OptionsOfHost(host), cancel);

        story.Chapter("The device attests, three agents release their keys to it, it trains");
        await lab.TypeAndShowAsync(["job", "watch", job], lab.OptionsOfHost(host), cancel);

        story.Chapter("The lab opens the model; anybody can check the receipt");
        string results = lab.PathOf("results");
        await lab.TypeAsync(["job", "result", job, "-o", results], [.. lab.OptionsOfHost(host), "--policy", lab.PathOf("policy.yaml")], cancel);
        bool verified = await steps.VerifyReceiptAsync(clinicA, results, cancel);
        var twin = new PlaintextTwin(command, _datasets, _programs, folder);
        double accuracy = await twin.AccuracyAsync(JobFile.Read(jobFile), Path.Combine(results, "model.safetensors"), cancel);
        story.Good(string.Create(CultureInfo.InvariantCulture, $"accuracy on the lab's held-out patients: {accuracy:0.0000}"));
        bool equal = await twin.EqualsAsync(JobFile.Read(jobFile), Path.Combine(results, "model.safetensors"), cancel);
        story.Good(equal ? "trained again on the plaintext, without device or host: the same model, bit for bit" : "trained again on the plaintext: ANOTHER model");

        story.Chapter("Now the host turns hostile: one job an attack, against the same parties");
        IReadOnlyList<AttackOutcome> outcomes = await AttackAsync(scene, relay, device, material, host, jobFile, everyone, cancel);
        story.Write(AttackTable.Of(outcomes));
        return new Findings(accuracy, equal, verified, outcomes.Count(outcome => outcome.Verdict == Verdict.Stopped), outcomes.Count, story.Elapsed);
    }

    private async Task<IReadOnlyList<AttackOutcome>> AttackAsync(
        Scene scene, HostileRelay relay, Uri device, AttackMaterial material, Uri host, string jobFile, IReadOnlyList<Actor> everyone, CancellationToken cancel)
    {
        var connections = new List<HostConnection>();
        foreach (Actor actor in everyone)
        {
            Party party = await Party.OpenAsync(actor.Home, actor.Passphrase);
            scene.Keep(party);
            connections.Add(scene.Keep(await party.ConnectAsync(host.ToString(), cancel: cancel)));
        }

        var rounds = new AttackRounds(new AttackSite
        {
            Relay = relay,
            Device = device,
            StartDevice = scene.StartOtherDeviceAsync,
            Job = JobFile.Read(jobFile),
            Parties = connections,
            Policy = PartyPolicy.Read(everyone[0].PathOf("policy.yaml"), everyone[0].Name),
            Results = Path.Combine(scene.Folder, "stolen"),
        });
        var outcomes = new List<AttackOutcome>();
        foreach (Attack.Attack attack in AttackCatalogue.Demonstrated(material))
        {
            AttackOutcome outcome = await rounds.RunAsync(attack, cancel);
            outcomes.Add(outcome);
            story.Line(AttackTable.LineOf(outcome));
        }

        return outcomes;
    }
}
