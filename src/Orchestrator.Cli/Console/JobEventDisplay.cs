using System.Globalization;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Cli;

/// <summary>Prints a job's events, a line each. Where a person watches, epochs move a bar in the last line instead of adding lines.</summary>
internal sealed class JobEventDisplay(Terminal terminal) : IDisposable
{
    private const int BarWidth = 20;
    private const string ClearLine = "\r\u001b[K";

    private readonly bool _hasBar = terminal is { IsInteractive: true, ShowsResults: true, Json: false };

    // The event that ends a job repeats the denials of the refusals before it.
    private readonly HashSet<string> _explained = [];
    private JobEvent? _running;
    private bool _barShown;

    public void Show(JobEvent happened)
    {
        _running = happened.Kind == "running" ? happened : _running;
        if (_hasBar && happened.Progress is { Epochs: > 0, Epoch: > 0 } progress)
        {
            ShowBar($"{Bar(progress)} {Describe(happened)}");
            return;
        }

        Dispose();
        Print(happened);
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        if (_barShown)
        {
            terminal.Error.Write(ClearLine);
            terminal.Error.Flush();
            _barShown = false;
        }
    }

    private static string Bar(Progress progress)
    {
        int done = (int)Math.Min(BarWidth, (long)progress.Epoch * BarWidth / progress.Epochs);
        return $"[{new string('#', done)}{new string('-', BarWidth - done)}]";
    }

    // A line that wraps could not be taken away again.
    private void ShowBar(string text)
    {
        terminal.Error.Write($"{ClearLine}{text[..Math.Min(text.Length, Math.Max(0, terminal.Width - 1))]}");
        terminal.Error.Flush();
        _barShown = true;
    }

    private void Print(JobEvent happened)
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(happened.TimeUnixMilliseconds);
        string party = happened.Party.Length > 0 ? $" {happened.Party}" : "";
        terminal.Result(
            new
            {
                sequence = happened.Sequence,
                time,
                state = happened.State,
                kind = happened.Kind,
                party = happened.Party,
                text = happened.Text,
                error = happened.Error?.Code,
                epoch = happened.Progress?.Epoch,
                epochs = happened.Progress?.Epochs,
                bytes_read = happened.Progress?.BytesRead,
                overhead = SecondsOf(happened.Overhead),
            },
            string.Create(CultureInfo.InvariantCulture, $"{time.ToLocalTime():HH:mm:ss} {happened.State,-13} {RpcErrors.Printable($"{happened.Kind}{party}  {Describe(happened)}{happened.Text}")}"));
        foreach (string explanation in (happened.Error?.Denials ?? []).Select(Explainer.Describe).Where(_explained.Add))
        {
            terminal.Note(explanation);
        }
    }

    private static object? SecondsOf(Overhead? overhead) => overhead is null ? null : new
    {
        attest = overhead.AttestMicroseconds / 1e6,
        key_wait = overhead.KeyWaitMicroseconds / 1e6,
        transfer = overhead.TransferMicroseconds / 1e6,
        decrypt = overhead.DecryptMicroseconds / 1e6,
        ingest = overhead.IngestMicroseconds / 1e6,
        compute = overhead.ComputeMicroseconds / 1e6,
        egress = overhead.EgressMicroseconds / 1e6,
    };

    private string Describe(JobEvent happened)
    {
        if (happened.Progress is not { Epochs: > 0, Epoch: > 0 } progress || _running is null)
        {
            return "";
        }

        TimeSpan spent = TimeSpan.FromMilliseconds(happened.TimeUnixMilliseconds - _running.TimeUnixMilliseconds);
        TimeSpan left = spent * ((double)progress.Epochs - progress.Epoch) / progress.Epoch;
        double rate = spent > TimeSpan.Zero ? progress.BytesRead / spent.TotalSeconds : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {progress.Epoch} of {progress.Epochs}, {ProgressDisplay.Size(progress.BytesRead)} read at {ProgressDisplay.Size(rate)}/s, {left:hh\\:mm\\:ss} left ");
    }
}
