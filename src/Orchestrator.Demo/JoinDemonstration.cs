using System.Diagnostics;
using System.Globalization;
using Orchestrator.Attack.Guests;
using Orchestrator.Attack.Ranges;
using Orchestrator.Sdk;

namespace Orchestrator.Demo;

/// <summary>
/// Two clinics hold different columns of the same patients. A stock busybox joins them in a confidential container group, and the joined table, which
/// neither clinic nor the host ever sees, trains on the device (examples/join).
/// </summary>
internal sealed class JoinDemonstration(Command command, Story story, string folder, string datasets, string programs, string example, string? uvm)
{
    private const string Stage = "join";

    private readonly string _datasets = Path.GetFullPath(datasets);
    private readonly string _programs = Path.GetFullPath(programs);
    private readonly string[] _uvm = uvm is null ? [] : ["--uvm", uvm];
    private readonly string _example = Path.GetFullPath(example);

    public async Task<Findings> RunAsync(CancellationToken cancel)
    {
        await using var scene = new Scene(folder, command, story);
        Actor lab = scene.Party("lab");
        Actor west = scene.Party("clinic-a");
        Actor east = scene.Party("clinic-b");
        Actor[] everyone = [lab, west, east];
        var steps = new Steps(command, story, _datasets);

        story.Chapter("A container group, described in a file that everyone can read: a stock busybox, one command, two volumes");
        string group = await PrepareGroupAsync(cancel);
        string policy = Path.Combine(folder, "policy.rego");
        await lab.TypeAndShowAsync(["policy", "generate", group, "--out", policy], [], cancel);

        story.Chapter("A rented machine: an untrusted host, its shim for container groups, a simulated accelerator");
        Uri device = await scene.StartDeviceAsync("device", cancel, "--vendor", scene.VendorFolder);
        (string[] guests, string accepted) = await DescribeGuestsAsync(lab, cancel);
        Uri shim = await scene.StartShimAsync(group, guests, cancel);
        Uri host = await scene.StartHostAsync(device, cancel, "--shim", shim.ToString());
        story.Line($"host {host}, shim {shim}, device {device}");

        story.Chapter("Three parties make their keys, and seal what they bring");
        foreach (Actor actor in everyone)
        {
            await actor.InitAsync(cancel);
        }

        await RunAsync(Path.Combine(_example, "split.sh"), cancel, _datasets, folder);
        await SealFileAsync(west, "west", host, cancel);
        await SealFileAsync(east, "east", host, cancel);
        await steps.SealDataAsync(lab, "holdout.csv", Path.Combine(_datasets, "wdbc.schema.yaml"), host, cancel);
        await Steps.SealProgramAsync(lab, Path.Combine(_programs, "wdbc_mlp.pt"), host, cancel);

        story.Chapter("Each says to which groups and devices its keys may go, and leaves an agent running");
        string measurement = (await lab.TypeAsync(["shim", "measure", .. _uvm], [], cancel)).Trim();
        foreach (Actor actor in everyone)
        {
            string text = JobText.Policy(scene.VendorRoot, Path.Combine(scene.VendorFolder, "collateral.cose")) + JobText.Groups(scene.ProcessorRoot, scene.ProcessorRevocations, accepted);
            await File.WriteAllTextAsync(actor.PathOf("policy.yaml"), text, cancel);
            scene.Keep(actor.StartAgent(host, actor.PathOf("policy.yaml")));
        }

        story.Chapter("The lab proposes: join, then train; the clinics review and approve the same bytes");
        string jobFile = lab.PathOf("job.yaml");
        await File.WriteAllTextAsync(
            jobFile,
            JobText.Job(everyone.Select(actor => actor.Identity), await steps.MeasureAsync(cancel), lab.PathOf("program.itx"), [("lab", "evaluate", lab.PathOf("holdout.itx"))])
            + JobText.Prepare(Stage, policy, measurement, [("east.csv", "clinic-b", east.PathOf("east.itx")), ("west.csv", "clinic-a", west.PathOf("west.itx"))], Path.Combine(_datasets, "wdbc.schema.yaml"), scene.VendorRoot),
            cancel);
        string job = (await lab.TypeAsync(["job", "propose", jobFile], lab.OptionsOfHost(host), cancel)).Trim();
        story.Line($"the job is named by what it says: {job}");
        await west.TypeAndShowAsync(["job", "review", job], west.OptionsOfHost(host), cancel);
        await west.TypeAsync(["job", "approve", job], west.OptionsOfHost(host), cancel);
        await east.TypeAsync(["job", "approve", job], east.OptionsOfHost(host), cancel);

        story.Chapter("The group attests and gets the clinics' keys, joins, attests the device, and gives it the key of what it made");
        await lab.TypeAndShowAsync(["job", "watch", job], lab.OptionsOfHost(host), cancel);
        story.Line(StageTimes.Read(await lab.TypeAsync(["job", "watch", job, "--json"], lab.OptionsOfHost(host), cancel)).ToString());
        return await ConcludeAsync(steps, lab, west, host, job, jobFile, cancel);
    }

    private async Task<Findings> ConcludeAsync(Steps steps, Actor lab, Actor west, Uri host, string job, string jobFile, CancellationToken cancel)
    {
        story.Chapter("The lab opens the model; anybody can check the receipt, which names group and statement");
        string results = lab.PathOf("results");
        await lab.TypeAsync(["job", "result", job, "-o", results], [.. lab.OptionsOfHost(host), "--policy", lab.PathOf("policy.yaml")], cancel);
        bool verified = await steps.VerifyReceiptAsync(west, results, cancel);
        var twin = new PlaintextTwin(command, _datasets, _programs, folder, await JoinHereAsync(cancel));
        JobFile read = JobFile.Read(jobFile);
        string model = Path.Combine(results, "model.safetensors");
        double accuracy = await twin.AccuracyAsync(read, model, cancel);
        story.Good(string.Create(CultureInfo.InvariantCulture, $"accuracy on the lab's held-out patients: {accuracy:0.0000}"));
        bool equal = await twin.EqualsAsync(read, model, cancel);
        story.Good(equal ? "joined and trained again on the plaintext, without group, device or host: the same model, bit for bit" : "joined and trained again on the plaintext: ANOTHER model");
        IReadOnlyList<AttackOutcome> outcomes = Environment.IsPrivilegedProcess ? await AttackAsync(cancel) : [];
        return new Findings(accuracy, equal, verified, outcomes.Count(outcome => outcome.Verdict == Verdict.Stopped), outcomes.Count, story.Elapsed);
    }

    // Each on a sandbox of its own, which takes root.
    private async Task<IReadOnlyList<AttackOutcome>> AttackAsync(CancellationToken cancel)
    {
        story.Chapter("Now the host turns hostile: one container group an attack");
        await using var range = new GuestRange(Path.Combine(folder, "attacked"));
        var outcomes = new List<AttackOutcome>();
        foreach (GuestAttack attack in GuestRange.Demonstrated)
        {
            cancel.ThrowIfCancellationRequested();
            AttackOutcome outcome = await range.RunAsync(attack);
            outcomes.Add(outcome);
            story.Line(AttackTable.LineOf(outcome));
        }

        story.Write(AttackTable.Of(outcomes));
        return outcomes;
    }

    // How the shim runs groups, and which of them the parties' policies accept. What a virtual machine starts from a publisher vouches for; a sandbox, which
    // nobody vouches for, is named by its measurement.
    private async Task<(string[] Options, string Accepted)> DescribeGuestsAsync(Actor lab, CancellationToken cancel)
    {
        const string IssuerLine = "issuer ";
        if (_uvm.Length == 0)
        {
            return ([], JobText.AcceptedSandbox((await lab.TypeAsync(["shim", "measure"], [], cancel)).Trim()));
        }

        string endorsement = Path.Combine(folder, "uvm.cose");
        string said = await lab.TypeAsync(["group", "endorse", .. _uvm, "--publisher", Path.Combine(folder, "publisher"), "--out", endorsement], [], cancel);
        return ([.. _uvm, "--endorsement", endorsement], JobText.AcceptedMachine(said.Split('\n').Single(line => line.StartsWith(IssuerLine, StringComparison.Ordinal))[IssuerLine.Length..].Trim()));
    }

    // The image beside the group file: paths in it start there.
    private async Task<string> PrepareGroupAsync(CancellationToken cancel)
    {
        string place = Directory.CreateDirectory(Path.Combine(folder, "group")).FullName;
        File.Copy(Path.Combine(_example, "group.yaml"), Path.Combine(place, "group.yaml"), overwrite: true);
        await RunAsync(Path.Combine(_example, "busybox-image.sh"), cancel, Path.Combine(place, "busybox.tar"));
        return Path.Combine(place, "group.yaml");
    }

    private async Task SealFileAsync(Actor clinic, string name, Uri host, CancellationToken cancel)
    {
        string sealedFile = clinic.PathOf($"{name}.itx");
        await clinic.TypeAsync(["data", "seal", Path.Combine(folder, $"{name}.csv"), "--raw", "-o", sealedFile], clinic.OptionsOfKeys, cancel);
        await clinic.TypeAsync(["data", "push", sealedFile], clinic.OptionsOfHost(host), cancel);
    }

    // The same rows in the same order, by another program.
    private async Task<string> JoinHereAsync(CancellationToken cancel)
    {
        static (string Patient, string Row) Split(string line) => (line[..line.IndexOf(',', StringComparison.Ordinal)], line[(line.IndexOf(',', StringComparison.Ordinal) + 1)..]);
        Dictionary<string, string> rows = (await File.ReadAllLinesAsync(Path.Combine(folder, "east.csv"), cancel)).Select(Split).ToDictionary(row => row.Patient, row => row.Row);
        string joined = Path.Combine(folder, "joined.csv");
        IEnumerable<string> lines = (await File.ReadAllLinesAsync(Path.Combine(folder, "west.csv"), cancel)).Select(Split).Where(row => rows.ContainsKey(row.Patient)).Select(row => $"{row.Row},{rows[row.Patient]}");
        await File.WriteAllLinesAsync(joined, lines, cancel);
        return joined;
    }

    private static async Task RunAsync(string script, CancellationToken cancel, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(script, arguments) { RedirectStandardError = true })!;
        string error = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new DemoFailedException($"{script} exited with {process.ExitCode}:\n{error}");
        }
    }
}
