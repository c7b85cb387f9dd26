using System.Diagnostics;
using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>The tiles as the process that they are in use, with libtorch and a TorchScript program.</summary>
// By itself: one of them kills whatever tiles this process has started.
[CollectionDefinition(nameof(RealTilesTests), DisableParallelization = true)]
[Collection(nameof(RealTilesTests))]
public sealed class RealTilesTests
{
    [Fact]
    public async Task Run_ConfinedTiles_TrainTheModelTwiceToTheSameBits()
    {
        SkipWithoutConfinement();
        await using TestDevice device = await TestDevice.StartWithTilesAsync(WdbcJob());
        byte[] first = await TrainAsync(device);
        byte[] second = await TrainAsync(device);
        Assert.StartsWith("{", Encoding.UTF8.GetString(first, 8, 100), StringComparison.Ordinal); // safetensors: length, then JSON
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Run_StreamManyTimesLargerThanTheJobsTileMemory_StreamsThrough()
    {
        SkipWithoutConfinement();
        var job = new TestJob(
            TestDevice.Firmware,
            content => content with { Plan = content.Plan with { Epochs = 1, BatchSize = 1024 }, Memory = content.Memory with { Workspace = 4 << 20 } },
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "wdbc_mlp.pt")),
            recordsOfA: 1_000_000,
            features: 30,
            recordsPerFrame: 1024);
        ManifestStream large = job.Manifest.Content.Streams[1];
        Assert.True(MemoryPlan.Of(job.Manifest.Content).Total * 5 < large.Records * large.RecordSize);
        await using TestDevice device = await TestDevice.StartWithTilesAsync(job);
        await device.CommitAsync();
        (byte[]? bytes, ErrorDetail? exception) = await device.Host.RunAsync();

        Assert.True(bytes is not null, exception?.ToString());
        Assert.Equal(large.Frames, device.VerifyReceipt(bytes).Receipt.Streams[1].Frames);
    }

    [Fact]
    public async Task Quote_UnconfinedTilesAllowed_SaysWhetherTheyAreConfined()
    {
        await using TestDevice device = await TestDevice.StartWithTilesAsync(WdbcJob(), allowUnconfinedTiles: true);
        byte[] evidence = await device.QuoteAsync();
        Assert.Equal(ConfinementWorks(), device.Verify(evidence).Claims.Confined);
    }

    [Fact]
    public async Task Run_ProgramThatIsNoTorchScript_FailsWithACodeAndNothingElse()
    {
        SkipWithoutConfinement();
        await using TestDevice device = await TestDevice.StartWithTilesAsync(new TestJob(TestDevice.Firmware));
        await device.CommitAsync();
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.StartsWith("program-", exception!.Code, StringComparison.Ordinal);
        Assert.Equal(DeviceState.Exception, await device.StateAsync());
    }

    [Fact]
    public async Task Run_TileProcessKilledInTheMiddle_SaysSoAndTheDeviceGoesOn()
    {
        SkipWithoutConfinement();
        await using TestDevice device = await TestDevice.StartWithTilesAsync(WdbcJob());
        await device.CommitAsync();
        device.Host.Alter = (request, answer) =>
        {
            if (request.ReadFrame is { Stream: 2, Index: 1 })
            {
                Tiles().ForEach(process => process.Kill());
            }

            return answer;
        };
        (_, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Equal(DeviceErrors.TilesLost.Id, exception!.Code);
        device.Host.Alter = (_, answer) => answer;
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        await TrainAsync(device);
    }

    // Only this test process's own children.
    private static List<Process> Tiles() =>
        [.. Process.GetProcesses().Where(process => process.ProcessName.StartsWith("bwrap", StringComparison.Ordinal) && ParentOf(process) == Environment.ProcessId)];

    private static int ParentOf(Process process)
    {
        try
        {
            string[] fields = File.ReadAllText($"/proc/{process.Id}/stat").Split(") ", 2)[1].Split(' ');
            return int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<byte[]> TrainAsync(TestDevice device)
    {
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        await device.CommitAsync();
        device.Host.Outputs.Clear();
        (byte[]? bytes, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.True(bytes is not null, exception?.ToString());
        VerifiedReceipt receipt = device.VerifyReceipt(bytes);
        Assert.Equal(3, receipt.Receipt.Epochs);
        return device.OpenOutput(receipt, "model");
    }

    private static TestJob WdbcJob() => new(
        TestDevice.Firmware,
        content => content with { Plan = content.Plan with { Standardize = true } },
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "wdbc_mlp.pt")),
        features: 30);

    private static void SkipWithoutConfinement() => Assert.SkipUnless(ConfinementWorks(), "bubblewrap does not work on this machine.");

    private static bool ConfinementWorks()
    {
        try
        {
            using Process probe = Process.Start("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "true"]);
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
