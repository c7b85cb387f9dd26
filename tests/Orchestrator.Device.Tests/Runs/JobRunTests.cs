using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Runs;

public sealed class JobRunTests
{
    [Fact]
    public async Task Run_HonestHost_DeliversTheModelToItsReceiverWithAVerifiableReceipt()
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles);
        await device.CommitAsync();
        (byte[]? bytes, _) = await device.Host.RunAsync();

        Assert.Equal(DeviceState.Finished, await device.StateAsync());
        Assert.Equal(0, tiles.Alive);
        VerifiedReceipt receipt = device.VerifyReceipt(bytes!);
        byte[] model = device.OpenOutput(receipt, "model");
        Assert.Equal(device.Job.Inputs[1].Plaintext, model[..1000]);
        Assert.Equal(3 * (10 + 7 + 5) * TestJob.RecordSize, model.Length - 1000);
        Assert.Equal(3, receipt.Receipt.Epochs);
        Assert.Equal([(1, 4L, 4L), (2, 3L, 9L), (3, 2L, 6L), (4, 2L, 6L)], receipt.Receipt.Streams.Select(stream => (stream.Stream, stream.Frames, stream.Reads)));
    }

    [Fact]
    public async Task Run_Metrics_LeaveOnlyAsTheManifestAllows()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        (byte[]? bytes, _) = await device.Host.RunAsync();
        VerifiedReceipt receipt = device.VerifyReceipt(bytes!);
        byte[] metrics = device.OpenOutput(receipt, "metrics");
        string[] lines = Encoding.UTF8.GetString(metrics).Split('\n');
        Assert.Matches("^{\"salt\":\"[0-9a-f]{64}\"}$", lines[0]);
        Assert.Equal(["{\"epoch\":2,\"accuracy\":0.988,\"loss\":0.5}", "{\"epoch\":3,\"accuracy\":0.988,\"loss\":0.333}", ""], lines[1..].Select(line => line.TrimEnd()));
        Assert.Equal(lines[1].Length, lines[2].Length);
        Assert.Equal(Digest.Of(metrics), receipt.Receipt.Outputs.Single(output => output.Kind == OutputKind.Metrics).Content);
        Assert.Equal([1u, 2u, 3u], device.Host.Progress.Select(progress => progress.Epoch));
    }

    [Fact]
    public async Task Run_StreamThatFillsItsFrames_ReadsItsEmptyEndToo()
    {
        var job = new TestJob(TestDevice.Firmware, recordsOfA: 8);
        await using TestDevice device = await TestDevice.StartAsync(job: job);
        await device.CommitAsync();
        (byte[]? bytes, _) = await device.Host.RunAsync();
        VerifiedReceipt receipt = device.VerifyReceipt(bytes!);
        Assert.Equal((3L, 7L), (receipt.Receipt.Streams[1].Frames, receipt.Receipt.Streams[1].Reads));
    }

    [Fact]
    public async Task Run_AfterReset_WorksAgain()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        for (int round = 0; round < 2; round++)
        {
            await device.Host.Mailbox.ResetAsync(new ResetRequest());
            await device.CommitAsync();
            device.Host.Outputs.Clear();
            Assert.NotNull((await device.Host.RunAsync()).Receipt);
        }
    }
}
