using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Cli.Tests;

public sealed class JobEventDisplayTests
{
    private const string Clear = "\r\u001b[K";

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void Epochs_WhereAPersonWatches_MoveOneLineThatGoesAway()
    {
        Show(interactive: true, showsResults: true, width: 200);

        Assert.Equal(["running", "completed"], Kinds());
        Assert.Equal(
            $"{Clear}[#####---------------] epoch 2 of 8, 1.0 MiB read at 512.0 KiB/s, 00:00:06 left "
            + $"{Clear}[##########----------] epoch 4 of 8, 2.0 MiB read at 512.0 KiB/s, 00:00:04 left {Clear}",
            _error.ToString());
    }

    [Fact]
    public void Epochs_OnANarrowTerminal_DoNotWrap()
    {
        Show(interactive: true, showsResults: true, width: 30);

        Assert.All(_error.ToString().Split(Clear), line => Assert.InRange(line.Length, 0, 29));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    public void Epochs_ForALogOrAMachine_AreLines(bool interactive, bool showsResults, bool json)
    {
        Show(interactive, showsResults, width: 80, json);

        Assert.Equal(["running", "progress", "progress", "completed"], Kinds());
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public void Denials_ThatTheEndRepeats_AreExplainedOnce()
    {
        var refusal = new ErrorDetail { Code = "release-refused" };
        refusal.Denials.Add(new Denial { Code = "release-debug", Claim = "dbgstat", Expected = "disabled", Observed = "enabled", PolicyOf = "clinic-a", Remedy = "Take another device." });
        using var display = new JobEventDisplay(new Terminal { Out = _output, Error = _error });

        display.Show(new JobEvent { Kind = "refused", Error = refusal });
        display.Show(new JobEvent { Kind = "failed", Error = refusal });

        Assert.Equal(2, _error.ToString().Split("release-debug").Length);
    }

    [Fact]
    public void Overhead_ForAMachine_IsInSecondsTermByTerm()
    {
        var terminal = new Terminal { Out = _output, Error = _error, Json = true };
        using var display = new JobEventDisplay(terminal);

        display.Show(new JobEvent { Kind = "completed", State = JobState.Completed, Overhead = new Overhead { AttestMicroseconds = 21_000, KeyWaitMicroseconds = 1_500_000, ComputeMicroseconds = 7 } });

        Assert.EndsWith(
            "\"overhead\":{\"attest\":0.021,\"key_wait\":1.5,\"transfer\":0,\"decrypt\":0,\"ingest\":0,\"compute\":7E-06,\"egress\":0}}", _output.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    private void Show(bool interactive, bool showsResults, int width, bool json = false)
    {
        var terminal = new Terminal { Out = _output, Error = _error, IsInteractive = interactive, ShowsResults = showsResults, Width = width, Json = json };
        using var display = new JobEventDisplay(terminal);
        display.Show(new JobEvent { Kind = "running", State = JobState.Running, TimeUnixMilliseconds = 10_000 });
        display.Show(Progress(seconds: 2, epoch: 2));
        display.Show(Progress(seconds: 4, epoch: 4));
        display.Show(new JobEvent { Kind = "completed", State = JobState.Completed, TimeUnixMilliseconds = 20_000 });
    }

    private static JobEvent Progress(int seconds, uint epoch) => new()
    {
        Kind = "progress",
        State = JobState.Running,
        TimeUnixMilliseconds = 10_000 + (seconds * 1000),
        Progress = new Progress { Epoch = epoch, Epochs = 8, BytesRead = (ulong)seconds << 19 },
    };

    private IEnumerable<string> Kinds() => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => ((string[])["running", "progress", "completed"]).Single(kind => line.Contains($" {kind} ", StringComparison.Ordinal) || line.Contains($"\"{kind}\",\"party\"", StringComparison.Ordinal)));
}
