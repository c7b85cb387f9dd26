using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>Whatever a host does with sessions of one job, on one device or two: no key seals twice under one IV, and whoever finishes has the same model.</summary>
public sealed class SealingLedgerTests
{
    private const int Cases = 12;

    /// <summary>One session: on which device, from which of the checkpoints so far (0: from the beginning), and after how many messages of the tiles it crashes.</summary>
    private sealed record Session(bool SecondDevice, int Checkpoint, int CrashAfter);

    private static readonly Gen<Session> s_session =
        from second in Gen.Elements(false, true)
        from checkpoint in Gen.Choose(0, 100)
        from crash in Gen.OneOf(Gen.Choose(1, 60), Gen.Constant(int.MaxValue))
        select new Session(second, checkpoint, crash);

    [Fact]
    public void AnySessionsOfAJob_CrashedResumedAndForked_NeverRepeatAKeyAndAnIv()
    {
        var ledger = new ConcurrentDictionary<(Digest Key, FrameIv Iv), int>();
        void Note(Digest key, FrameIv iv) => ledger.AddOrUpdate((key, iv), 1, (_, count) => count + 1);
        SealingLedger.Sealed += Note;
        try
        {
            Gen<Session[]> sessions = s_session.ListOf(5).Select(list => list.ToArray());
            Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll(sessions.ToArbitrary(), job => RunAsync(job).GetAwaiter().GetResult()));
            Assert.NotEmpty(ledger);
            Assert.DoesNotContain(ledger, entry => entry.Value > 1);
        }
        finally
        {
            SealingLedger.Sealed -= Note;
        }
    }

    private static async Task<bool> RunAsync(Session[] sessions)
    {
        int left = int.MaxValue;
        FakeTiles Tiles() => new() { Alter = message => Interlocked.Decrement(ref left) < 0 ? null : message };
        TestJob job = new(TestDevice.Firmware, content => content with { Plan = content.Plan with { Epochs = 4 }, CheckpointEveryEpochs = 1 });
        await using TestDevice first = await TestDevice.StartAsync(Tiles(), job: job);
        await using TestDevice second = await TestDevice.StartAsync(Tiles(), job: job);
        var models = new HashSet<string>();
        foreach (Session session in sessions)
        {
            TestDevice device = session.SecondDevice ? second : first;
            StoredCheckpoint[] stored = [.. first.Host.Checkpoints, .. second.Host.Checkpoints];
            device.Host.Resumed = session.Checkpoint % (stored.Length + 1) is > 0 and var number ? stored[number - 1] : null;
            device.Host.Outputs.Clear();
            left = session.CrashAfter;
            await device.Host.Mailbox.ResetAsync(new ResetRequest());
            await device.CommitAsync();
            (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
            Assert.Equal(receipt is null, exception?.Code == DeviceErrors.TilesLost.Id);
            if (receipt is not null)
            {
                models.Add(Convert.ToHexString(device.OpenOutput(device.VerifyReceipt(receipt), "model")));
            }
        }

        return models.Count <= 1;
    }
}
