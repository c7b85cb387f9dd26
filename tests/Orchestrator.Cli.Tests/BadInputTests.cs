using System.Diagnostics;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Tests;

/// <summary>
/// What people get wrong and what disks and files do to them: each has its code and exit code, one line with a remedy, and
/// leaves nothing behind.
/// </summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private readonly Cli _cli = new();

    public async ValueTask InitializeAsync()
    {
        await _cli.MustRunAsync("party", "init", "clinic-a", "--home", _cli["home"]);
        _cli.Write("schema.yaml", Samples.Schema);
        _cli.Write("good.csv", Samples.Csv);
    }

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("", "data-file-empty")]
    [InlineData("height,weight,sick\n", "data-file-empty")]
    [InlineData("\u0000\u0001\u0002\u0003", "data-format")]
    [InlineData("this is a letter, not a table\n", "data-column")]
    [InlineData("height,weight,sick\n1.8,77,0\n1.7,60\n", "data-column-count")]
    [InlineData("height,weight,sick\n1.8,77,0\n1.7,60,1,5\n", "data-column-count")]
    [InlineData("height,weight,sick\n1.8,heavy,0\n", "data-not-a-number")]
    [InlineData("height,weight,sick\n1.8,,0\n", "data-missing-value")]
    [InlineData("height,weight,sick\n1.8,NA,0\n", "data-missing-value")]
    [InlineData("height,weight,sick\n1.8,1e99,0\n", "data-value-range")]
    [InlineData("height,weight,sick\n1.8,77,2\n", "data-label-range")]
    [InlineData("height,weight,sick\n1.8,77,-1\n", "data-label-range")]
    [InlineData("height,sick\n1.8,0\n", "data-column")]
    [InlineData("height,weight,sick\n1.8,\"77,0\n", "data-file-damaged")]
    public async Task Seal_DataThatDoesNotFit_NamesWhatIsWrong(string csv, string code)
    {
        string path = _cli.Write("bad.csv", csv);
        await MustFailAsync(code, ErrorClass.Input, "data", "seal", path, "--schema", _cli["schema.yaml"], "-o", _cli["x.itx"], "--home", _cli["home"]);
    }

    [Fact]
    public async Task Seal_MissingFile_IsNotFound() =>
        await MustFailAsync("storage-missing", ErrorClass.NotFound, SealOf(_cli["nowhere.csv"]));

    [Fact]
    public async Task Seal_Folder_IsNoFile()
    {
        Directory.CreateDirectory(_cli["folder.csv"]);
        await MustFailAsync("storage-wrong-kind", ErrorClass.Usage, SealOf(_cli["folder.csv"]));
    }

    [Fact]
    public async Task Seal_UnreadableFile_IsDenied()
    {
        if (Environment.IsPrivilegedProcess)
        {
            // Root may read everything but what the kernel itself refuses.
            await MustFailAsync("data-format", ErrorClass.Input, SealOf("/proc/self/mem"));
            return;
        }

        File.SetUnixFileMode(_cli["good.csv"], UnixFileMode.None);
        await MustFailAsync("storage-denied", ErrorClass.Storage, SealOf(_cli["good.csv"]));
    }

    [Fact]
    public async Task Seal_MissingSchema_IsNotFound() =>
        await MustFailAsync(
            "storage-missing", ErrorClass.NotFound, "data", "seal", _cli["good.csv"], "--schema", _cli["nowhere.yaml"], "-o", _cli["x.itx"], "--home", _cli["home"]);

    [Theory]
    [InlineData("", "yaml-syntax")]
    [InlineData("[", "yaml-syntax")]
    [InlineData("format: orchestrator/schema/v2\n", "yaml-value")]
    [InlineData("format: orchestrator/schema/v1\n", "yaml-missing-key")]
    [InlineData("format: orchestrator/schema/v1\nfeatures: {type: f32, shape: [2]}\nlabel: {clases: 2}\n", "yaml-value")]
    [InlineData("format: orchestrator/schema/v1\nfeatures: {type: f32, shape: [2]}\nlabel: {classes: 2}\nextra: 1\n", "yaml-unknown-key")]
    public async Task Seal_BadSchema_NamesTheLine(string yaml, string code)
    {
        _cli.Write("schema.yaml", yaml);
        CliOutcome outcome = await MustFailAsync(code, ErrorClass.Input, SealOf(_cli["good.csv"]));
        Assert.Matches(@"schema\.yaml:\d+:\d+: ", outcome.Error);
    }

    [Fact]
    public async Task Seal_OntoItself_IsRefused() =>
        await MustFailAsync(
            "seal-same-file", ErrorClass.Usage, "data", "seal", _cli["good.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["good.csv"], "--home", _cli["home"]);

    [Theory]
    [InlineData("link.csv", "good.csv")]
    [InlineData("good.csv", "folder/good.csv")]
    [InlineData("folder/good.csv", "good.csv")]
    public async Task Seal_OntoItselfByALink_IsRefused(string source, string destination)
    {
        File.CreateSymbolicLink(_cli["link.csv"], "good.csv");
        Directory.CreateSymbolicLink(_cli["folder"], ".");
        await MustFailAsync(
            "seal-same-file", ErrorClass.Usage, "data", "seal", _cli[source], "--schema", _cli["schema.yaml"], "-o", _cli[destination], "--home", _cli["home"]);
    }

    [Fact]
    public async Task Seal_OntoALinkToTheSource_ReplacesTheLinkOnly()
    {
        File.CreateSymbolicLink(_cli["link.csv"], "good.csv");
        await _cli.MustRunAsync("data", "seal", _cli["good.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["link.csv"], "--home", _cli["home"]);
        Assert.Equal(Samples.Csv, await File.ReadAllTextAsync(_cli["good.csv"], TestContext.Current.CancellationToken));
        Assert.Null(new FileInfo(_cli["link.csv"]).LinkTarget);
    }

    [Fact]
    public async Task Seal_IntoMissingFolder_IsNotFound() =>
        await MustFailAsync(
            "storage-missing", ErrorClass.NotFound, "data", "seal", _cli["good.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["no/such/x.itx"], "--home", _cli["home"]);

    [Fact]
    public async Task Seal_WrongPassphrase_StaysShut()
    {
        _cli.SetVariable("ORCHESTRATOR_PASSPHRASE", "another passphrase");
        await MustFailAsync("key-store-wrong-passphrase", ErrorClass.Refused, SealOf(_cli["good.csv"]));
    }

    [Fact]
    public async Task Seal_NoPassphraseAndNoTerminal_SaysHowToGiveOne()
    {
        _cli.SetVariable("ORCHESTRATOR_PASSPHRASE", null);
        await MustFailAsync("cli-no-passphrase", ErrorClass.Usage, SealOf(_cli["good.csv"]));
    }

    [Fact]
    public async Task Seal_NoKeyStore_SaysHowToMakeOne() =>
        await MustFailAsync(
            "key-store-missing", ErrorClass.NotFound, "data", "seal", _cli["good.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["x.itx"], "--home", _cli["none"]);

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(200)]
    [InlineData(-1)]
    public async Task Verify_TruncatedFile_IsNoticed(int length)
    {
        await _cli.MustRunAsync(SealOf(_cli["good.csv"]));
        byte[] whole = File.ReadAllBytes(_cli["x.itx"]);
        File.WriteAllBytes(_cli["x.itx"], whole[..(length < 0 ? whole.Length + length : length)]);
        CliOutcome outcome = await _cli.RunAsync("data", "verify", _cli["x.itx"], "--home", _cli["home"]);

        Assert.StartsWith("stream-", outcome.Code, StringComparison.Ordinal);
        Assert.Contains(outcome.ExitCode, new[] { (int)ErrorClass.Input, (int)ErrorClass.Integrity });
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public async Task Verify_ForeignFile_IsNoSealedStream() =>
        await MustFailAsync("stream-foreign", ErrorClass.Input, "data", "verify", _cli["good.csv"], "--home", _cli["home"]);

    [Fact]
    public async Task Verify_AnothersFile_HasNoKeyHere()
    {
        await _cli.MustRunAsync(SealOf(_cli["good.csv"]));
        await _cli.MustRunAsync("party", "init", "clinic-b", "--home", _cli["other"]);
        await MustFailAsync("key-store-no-stream-key", ErrorClass.NotFound, "data", "verify", _cli["x.itx"], "--home", _cli["other"]);
    }

    [Fact]
    public async Task Verify_FlippedBitInAFrame_IsNoticed()
    {
        await _cli.MustRunAsync(SealOf(_cli["good.csv"]));
        byte[] bytes = File.ReadAllBytes(_cli["x.itx"]);
        bytes[^20] ^= 1;
        File.WriteAllBytes(_cli["x.itx"], bytes);
        await MustFailAsync("stream-frame-tampered", ErrorClass.Integrity, "data", "verify", _cli["x.itx"], "--home", _cli["home"]);
    }

    [Fact]
    public async Task Push_HostAway_SaysSo() =>
        await MustFailAsync(
            "host-away", ErrorClass.Unavailable, "data", "push", await SealedAsync(), "--home", _cli["home"], "--host", "https://127.0.0.1:1");

    [Fact]
    public async Task Push_NoHostNamed_SaysHow() =>
        await MustFailAsync("cli-no-host", ErrorClass.Usage, "data", "push", await SealedAsync(), "--home", _cli["home"]);

    [Theory]
    [InlineData("http://127.0.0.1:1", "host-address-invalid")]
    [InlineData("nonsense", "host-address-invalid")]
    public async Task Push_AddressThatIsNone_IsRefused(string url, string code) =>
        await MustFailAsync(code, ErrorClass.Usage, "data", "push", await SealedAsync(), "--home", _cli["home"], "--host", url);

    [Fact]
    public async Task Push_FingerprintThatIsNone_IsRefused() =>
        await MustFailAsync(
            "host-fingerprint-invalid", ErrorClass.Usage, "data", "push", await SealedAsync(), "--home", _cli["home"], "--host", "https://127.0.0.1:1", "--fingerprint", "abc");

    [Fact]
    public async Task Program_ThatIsNoArchive_IsRefused() =>
        await MustFailAsync("program-not-torchscript", ErrorClass.Input, "program", "seal", _cli["good.csv"], "-o", _cli["x.itx"], "--home", _cli["home"]);

    [Fact]
    public async Task Job_NameThatIsNone_IsRefused() =>
        await MustFailAsync("job-name-invalid", ErrorClass.Usage, "job", "approve", "growth", "--home", _cli["home"], "--host", "https://127.0.0.1:1");

    [Fact]
    public async Task Plan_MissingJobFile_IsNotFound() =>
        await MustFailAsync("storage-missing", ErrorClass.NotFound, "job", "plan", _cli["job.yaml"]);

    [Fact]
    public async Task Agent_MissingPolicy_IsNotFound() =>
        await MustFailAsync("storage-missing", ErrorClass.NotFound, "agent", "run", "--home", _cli["home"], "--host", "https://127.0.0.1:1");

    [Fact]
    public async Task Receipt_ThatIsNone_IsRefused()
    {
        _cli.Write("policy.yaml", Samples.Policy);
        await MustFailAsync("attestation-no-anchors", ErrorClass.Usage, "receipt", "verify", _cli["good.csv"], "--policy", _cli["policy.yaml"]);
    }

    [Theory]
    [InlineData("party")]
    [InlineData("party", "init")]
    [InlineData("party", "init", "a", "b")]
    [InlineData("data", "seal", "x.csv")]
    [InlineData("data", "seal", "x.csv", "--schema")]
    [InlineData("nonsense")]
    [InlineData("job", "approve", "--nonsense", "x")]
    public async Task CommandLine_PutWrongly_IsAUsageError(params string[] arguments) =>
        await MustFailAsync("cli-usage", ErrorClass.Usage, arguments);

    [Fact]
    public async Task Init_NameThatIsNone_IsRefused() =>
        await MustFailAsync("identity-name-invalid", ErrorClass.Usage, "party", "init", "Clinic A", "--home", _cli["new"]);

    [Fact]
    public async Task Seal_Cancelled_LeavesNothingAndExitsLikeAnInterruptedShellCommand()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        IReadOnlyList<string> before = _cli.Listing();

        CliOutcome outcome = await _cli.RunAsync(cancel.Token, SealOf(_cli["good.csv"]));

        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal(before, _cli.Listing());
    }

    [Fact]
    public async Task Seal_OnAFullDisk_LeavesNothing()
    {
        if (!Environment.IsPrivilegedProcess || !Mount(_cli["full"]))
        {
            Assert.Skip("A small disk can only be mounted by root, where the kernel allows it.");
        }

        try
        {
            _cli.Write("big.csv", "height,weight,sick\n" + string.Concat(Enumerable.Repeat("1.81,77,0\n", 200_000)));
            CliOutcome outcome = await _cli.RunAsync(
                "data", "seal", _cli["big.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["full/x.itx"], "--home", _cli["home"]);

            Assert.Equal("storage-full", outcome.Code);
            Assert.Equal((int)ErrorClass.Storage, outcome.ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(_cli["full"]));
        }
        finally
        {
            Run("umount", _cli["full"]);
        }
    }

    private static bool Mount(string path)
    {
        Directory.CreateDirectory(path);
        return Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
    }

    [Theory]
    [InlineData("orchestrator: there is no command \"dta\"; the nearest is `orchestrator data`.", "dta", "seal", "x")]
    [InlineData("orchestrator data: there is no command \"sael\"; the nearest is `orchestrator data seal`.", "data", "sael")]
    [InlineData("orchestrator job: there is no command \"Wach\"; the nearest is `orchestrator job watch`.", "job", "Wach", "5f")]
    [InlineData("orchestrator data: there is no command \"frobnicate\"; there are seal, verify, push.", "data", "frobnicate")]
    [InlineData("orchestrator data: name one of its commands: seal, verify, push.", "data")]
    [InlineData("Unrecognized command or argument '--wat'", "data", "--wat")]
    public async Task Command_Unknown_IsNamedWithTheNearest(string expected, params string[] arguments)
    {
        CliOutcome outcome = await MustFailAsync("cli-usage", ErrorClass.Usage, arguments);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_BadNameOrTakenHome_IsRefusedBeforeAPassphraseIsAskedForOrAKeyFileMade()
    {
        _cli.SetVariable("ORCHESTRATOR_PASSPHRASE", null);
        await MustFailAsync("identity-name-invalid", ErrorClass.Usage, "party", "init", "Bad Name", "--home", _cli["new"]);
        await MustFailAsync("identity-name-invalid", ErrorClass.Usage, "party", "init", "Bad Name", "--home", _cli["new"], "--key-file", _cli["new.key"]);
        await MustFailAsync("key-store-exists", ErrorClass.Conflict, "party", "init", "clinic-b", "--home", _cli["home"]);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private string[] SealOf(string path) => ["data", "seal", path, "--schema", _cli["schema.yaml"], "-o", _cli["x.itx"], "--home", _cli["home"]];

    private async Task<string> SealedAsync()
    {
        await _cli.MustRunAsync(SealOf(_cli["good.csv"]));
        return _cli["x.itx"];
    }

    private async Task<CliOutcome> MustFailAsync(string code, ErrorClass class_, params string[] arguments)
    {
        IReadOnlyList<string> before = _cli.Listing();
        CliOutcome outcome = await _cli.RunAsync(arguments);

        string[] lines = outcome.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(code, outcome.Code);
        Assert.Equal((int)class_, outcome.ExitCode);
        Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.StartsWith("remedy: ", lines[^1], StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
        Assert.Equal(before, _cli.Listing());
        return outcome;
    }
}
