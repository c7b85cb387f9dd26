using System.Diagnostics;
using System.Text.Json;
using Orchestrator.Attestation.Groups;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Psp;

namespace Orchestrator.Cli.Tests;

/// <summary>The specification's example job, compiled by the command and compared.</summary>
public sealed class JobCompileTests : IDisposable
{
    private readonly Cli _cli = new();

    public JobCompileTests()
    {
        string document = File.ReadAllText(Repository.PathOf("docs", "spec", "job-file.md"));
        _cli.Write("job.yaml", document.Split("```yaml\n")[1].Split("```")[0]);
        foreach (string card in new[] { "program.card", "train.card" })
        {
            File.Copy(Repository.PathOf("tests", "Vectors", "job-file", card), _cli[card]);
        }
    }

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("C", "UTC", "/")]
    [InlineData("tr_TR.UTF-8", "Pacific/Kiritimati", "/tmp")]
    [InlineData("de_DE.UTF-8", "America/St_Johns", "/usr")]
    public async Task Compile_InAnotherEnvironment_WritesTheVectorsBytes(string language, string zone, string folder)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "orchestrator"), ["job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            Environment = { ["LANG"] = language, ["LC_ALL"] = language, ["TZ"] = zone },
        };
        using Process compile = Process.Start(start)!;
        await compile.StandardOutput.ReadToEndAsync();
        await compile.WaitForExitAsync();

        Assert.Equal(0, compile.ExitCode);
        string vector = File.ReadAllText(Repository.PathOf("tests", "Vectors", "job-file", "manifest.hex")).ReplaceLineEndings("");
        Assert.Equal(vector, Convert.ToHexStringLower(File.ReadAllBytes(_cli["job.manifest"])));
    }

    [Fact]
    public async Task Check_OfTheSameJob_AgreesAndOfAnotherSaysWhereTheyDifferFirst()
    {
        await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]);
        CliOutcome same = await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "--check", _cli["job.manifest"]);
        Assert.Contains("byte for byte", same.Error, StringComparison.Ordinal);

        _cli.Write("job.yaml", File.ReadAllText(_cli["job.yaml"]).Replace("epochs: 20", "epochs: 21", StringComparison.Ordinal));
        CliOutcome other = await _cli.RunAsync("job", "compile", _cli["job.yaml"], "--check", _cli["job.manifest"]);
        Assert.Equal((int)ErrorClass.Refused, other.ExitCode);
        Assert.Equal("job-compiles-otherwise", other.Code);
        Assert.Contains("The proposal has plan.epochs 20; the job file compiles to 21.", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compile_OfAJobThatDoesNotFit_WritesNothing()
    {
        _cli.Write("job.yaml", File.ReadAllText(_cli["job.yaml"]).Replace("memory: {", "memory: {tiles: 1000, ", StringComparison.Ordinal));
        CliOutcome refused = await _cli.RunAsync("job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]);

        Assert.Equal("job-memory-exceeded", refused.Code);
        Assert.False(File.Exists(_cli["job.manifest"]));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("memory: {parameters: 2000}", "job-memory-exceeded")]
    [InlineData("memory: {workspace: 0}", null)]
    public async Task Plan_WithTheProgram_SaysWhatItTakesAndWhatIsReservedTooLittle(string memory, string? finding)
    {
        string job = await WriteWdbcJobAsync(memory);
        CliOutcome plan = await _cli.RunAsync("job", "plan", job, "--program", Repository.PathOf("training", "programs", "wdbc_mlp.pt"), "--json");

        // (30 x 16 + 16 + 16 x 2 + 2) parameters.
        Assert.Equal(2120, plan.Json.GetProperty("trial").GetProperty("parameter_bytes").GetInt64());
        Assert.Equal(finding is null ? [] : [finding], plan.Json.GetProperty("findings").EnumerateArray().Select(found => found.GetProperty("code").GetString()));
        Assert.All(plan.Json.GetProperty("findings").EnumerateArray(), found => Assert.Contains("hidden.weight", found.GetProperty("observed").GetString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("memory: {parameters: 2119}", "1 more than the job reserves for them. The largest layer is hidden.weight with 1920 bytes.", "make hidden.weight smaller")]
    [InlineData("memory: {parameters: 500000000}", "Its largest part is parameters with 500000000: parameters and buffers; the largest is hidden.weight with 1920 bytes.", "smaller layers")]
    [InlineData("memory: {tiles: 400000, workspace: 0}", "Its largest part is frames_ahead with [0-9]+: [0-9]+ frames under way; the largest, of [0-9]+ bytes, are those of stream 2 of lab.", "seal stream 2 again")]
    public async Task Compile_OfAJobThatDoesNotFit_NamesTheLayerOrStream(string memory, string message, string remedy)
    {
        string job = await WriteWdbcJobAsync(memory);
        CliOutcome refused = await _cli.RunAsync("job", "compile", job, "--program", Repository.PathOf("training", "programs", "wdbc_mlp.pt"), "-o", _cli["job.manifest"]);

        Assert.Equal("job-memory-exceeded", refused.Code);
        Assert.Matches(message, refused.Error);
        Assert.Contains(remedy, refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_cli["job.manifest"]));
    }

    [Fact]
    public async Task Compile_WithTheProgram_WritesTheSameManifestAndRefusesAnother()
    {
        string job = await WriteWdbcJobAsync("");
        CliOutcome without = await _cli.MustRunAsync("job", "compile", job);
        CliOutcome with = await _cli.MustRunAsync("job", "compile", job, "--program", Repository.PathOf("training", "programs", "wdbc_mlp.pt"));
        CliOutcome another = await _cli.RunAsync("job", "compile", job, "--program", Repository.PathOf("training", "programs", "digits_cnn.pt"));

        Assert.Equal(without.Output, with.Output);
        Assert.Equal("job-inconsistent", another.Code);
    }

    [Theory]
    [InlineData("", "group-not-trusted")]
    [InlineData("snp: {allow: [sandbox, unknown_revocation]}", "snp-simulated")]
    [InlineData("snp: {allow: [simulated, unknown_revocation]}", "snp-sandbox")]
    [InlineData("snp: {allow: [simulated, sandbox]}", "snp-revocation-unknown")]
    [InlineData("snp: {allow: [simulated, sandbox, unknown_revocation], measurements: []}", "snp-measurement")]
    [InlineData("snp: {allow: [simulated, sandbox, unknown_revocation], minimum_tcb: {snp: 255} }", "snp-tcb")]
    [InlineData("snp: {allow: [simulated, sandbox, unknown_revocation], minimum_guest_svn: 2}", "snp-guest-svn")]
    [InlineData("snp: {allow: [simulated, sandbox, unknown_revocation], endorsers: []}", null)]
    public async Task Plan_OfAJobWithAStage_AsksThePoliciesAboutTheGroup(string section, string? finding)
    {
        string measurement = (await _cli.MustRunAsync("shim", "measure")).Output.Trim();
        string job = await WriteStagedJobAsync(measurement);
        _cli.Write("policy.yaml", $"format: orchestrator/release-policy/v1\nroots: []\nallow: [simulated_devices, unknown_revocation]\n{section}\n");

        CliOutcome plan = await _cli.RunAsync("job", "plan", job, "--policy", $"lab={_cli["policy.yaml"]}", "--json");

        Assert.Equal(finding is null ? [] : [finding], plan.Json.GetProperty("findings").EnumerateArray().Select(found => found.GetProperty("code").GetString()));
        Assert.All(plan.Json.GetProperty("findings").EnumerateArray(), found => Assert.StartsWith("stage clean", found.GetProperty("claim").GetString(), StringComparison.Ordinal));
        Assert.Contains(plan.Json.GetProperty("not_checked").EnumerateArray(), line => line.GetString()!.Contains("--group clean=FILE", StringComparison.Ordinal));
        Assert.Equal(finding is null ? 0 : (int)ErrorClass.Refused, plan.ExitCode);
    }

    [Fact]
    public async Task Plan_WithTheEvidenceOfAGroup_JudgesThat()
    {
        using SimulatedPsp psp = SimulatedPsp.Open(_cli["psp"], TimeProvider.System);
        using PartySigningKey signing = PartySigningKey.Generate();
        using HpkePrivateKey session = HpkePrivateKey.Generate();
        string job = await WriteStagedJobAsync(Measurement);
        var binding = new GroupBinding { Policy = Digest.Of("another policy"u8), SigningKey = signing.VerificationKey, SessionKey = session.PublicKey, Nonces = [GroupEvidence.Combine([])] };
        LaunchedGuest guest = psp.Launch(new GuestLaunch(Attestation.Measurement.Parse(Measurement), binding.Policy));
        File.WriteAllBytes(_cli["evidence.cbor"], GroupEvidence.Encode(guest.Report(binding.ReportData), guest.Chain, binding.ToCbor(), []));
        _cli.Write("text.cbor", "none");

        async Task<IEnumerable<string?>> CodesAsync(string roots)
        {
            _cli.Write("policy.yaml", $"format: orchestrator/release-policy/v1\nroots: []\nallow: [simulated_devices, unknown_revocation]\nsnp: {{{roots}allow: [simulated, unknown_revocation], endorsers: [\"did:x509:0:sha256:x::eku:1\"]}}\n");
            CliOutcome plan = await _cli.RunAsync("job", "plan", job, "--policy", $"lab={_cli["policy.yaml"]}", "--group", $"clean={_cli["evidence.cbor"]}", "--json");
            return plan.Json.GetProperty("findings").EnumerateArray().Select(found => found.GetProperty("code").GetString()).Distinct();
        }

        Assert.Equal(["snp-policy-digest", "snp-endorsement-missing"], await CodesAsync($"roots: [\"{_cli["psp/ark.pem"]}\"], "));
        Assert.Equal(["snp-chain-invalid"], await CodesAsync(""));
        Assert.Equal("group-evidence-malformed", (await _cli.RunAsync("job", "plan", job, "--group", $"clean={_cli["text.cbor"]}")).Code);
        Assert.Equal("cli-usage", (await _cli.RunAsync("job", "plan", job, "--group", "clean")).Code);
    }

    private async Task<string> WriteStagedJobAsync(string measurement)
    {
        string job = await WriteWdbcJobAsync("");
        _cli.Write("policy.rego", "package policy\n");
        using JsonDocument quotes = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "Vectors", "quote", "evidence.json")));
        _cli.Write("root.pem", quotes.RootElement.GetProperty("root_pem").GetString()!);
        _cli.Write("raw.csv", "id,height\n1,1.7\n");
        await _cli.MustRunAsync("data", "seal", _cli["raw.csv"], "--raw", "-o", _cli["raw.itx"], "--home", _cli["lab"]);
        return _cli.Write("staged.yaml", File.ReadAllText(job) + $$"""

            prepare:
              - name: clean
                policy: policy.rego
                measurements: [{{measurement}}]
                inputs: [{name: raw.csv, owner: lab, sealed: raw.itx}]
                outputs: [{name: clean.csv, role: evaluate, schema: {{Repository.PathOf("training", "datasets", "wdbc.schema.yaml")}}, most_records: 100}]
                devices: {roots: [root.pem], allow: [simulated_devices]}
            """);
    }

    private async Task<string> WriteWdbcJobAsync(string memory)
    {
        CliOutcome party = await _cli.MustRunAsync("party", "init", "lab", "--home", _cli["lab"]);
        await _cli.MustRunAsync("program", "seal", Repository.PathOf("training", "programs", "wdbc_mlp.pt"), "-o", _cli["program.itx"], "--home", _cli["lab"]);
        await _cli.MustRunAsync(
            "data", "seal", Repository.PathOf("training", "datasets", "clinic-a.csv"), "--schema", Repository.PathOf("training", "datasets", "wdbc.schema.yaml"), "-o", _cli["a.itx"], "--home", _cli["lab"]);
        return _cli.Write("wdbc.yaml", $$"""
            format: orchestrator/job/v1
            name: trial
            launcher: lab
            parties: ["{{party.Output.Trim()}}"]
            program: {owner: lab, sealed: program.itx}
            data: [{owner: lab, role: train, sealed: a.itx}]
            plan: {loss: cross_entropy, optimizer: {sgd: {learning_rate: 0.1} }, batch_size: 64, epochs: 1, seed: 1, standardize: true, interleaving: concatenate}
            outputs: [{name: model, kind: model, receivers: [lab]}]
            device: {firmware: [{ccu: {{Measurement}}, icu: {{Measurement}}, tiles: {{Measurement}} }], minimum_security_version: 1}
            {{memory}}
            """);
    }

    private static string Measurement => new('1', 96);

    [Fact]
    public async Task Compile_AsJson_HasTheTables()
    {
        CliOutcome compiled = await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "--json");

        Assert.Equal("clinic", compiled.Json.GetProperty("streams")[1].GetProperty("owner").GetString());
        Assert.Equal(20, compiled.Json.GetProperty("passes")[1].GetProperty("times").GetInt32());
        Assert.Equal(10, compiled.Json.GetProperty("memory").GetProperty("parts").GetArrayLength());
    }
}
