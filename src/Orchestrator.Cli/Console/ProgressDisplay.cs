using System.Globalization;
using Orchestrator.Sdk;
using Spectre.Console;

namespace Orchestrator.Cli;

/// <summary>Shows how far long work is: a moving bar for a person, a plain line now and then for a log.</summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs work that reports bytes.</summary>
    public static Task<T> RunAsync<T>(Terminal terminal, Func<IProgress<WorkProgress>, Task<T>> work) =>
        terminal.IsInteractive ? WithBarAsync(terminal, work) : work(new PlainLines(terminal));

    /// <summary>Bytes as people read them.</summary>
    public static string Size(double bytes) => bytes switch
    {
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):F2} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):F1} MiB"),
        >= 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 10):F1} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} B"),
    };

    private static Task<T> WithBarAsync<T>(Terminal terminal, Func<IProgress<WorkProgress>, Task<T>> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        ProgressColumn[] columns =
        [
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(),
            new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn(),
        ];
        return console.Progress().AutoClear(true).Columns(columns).StartAsync(context => work(new Bars(context)));
    }

    private static string Describe(WorkProgress progress)
    {
        string share = progress.Total is { } total
            ? string.Create(CultureInfo.InvariantCulture, $"{Size(progress.Done)} of {Size(total)} ({(total == 0 ? 100 : progress.Done * 100 / total)} %)")
            : Size(progress.Done);
        string left = progress.Remaining is { } remaining ? string.Create(CultureInfo.InvariantCulture, $", {remaining:hh\\:mm\\:ss} left") : "";
        return $"{progress.Work}: {share}, {Size(progress.PerSecond)}/s{left}";
    }

    private sealed class Bars(ProgressContext context) : IProgress<WorkProgress>
    {
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Report(WorkProgress value)
        {
            if (!_tasks.TryGetValue(value.Work, out ProgressTask? task))
            {
                task = context.AddTask(value.Work);
                _tasks.Add(value.Work, task);
            }

            task.IsIndeterminate = value.Total is null;
            task.MaxValue = Math.Max(value.Total ?? value.Done, 1);
            task.Value = value.Done;
        }
    }

    private sealed class PlainLines(Terminal terminal) : IProgress<WorkProgress>
    {
        private long _last = terminal.Clock.GetTimestamp();

        public void Report(WorkProgress value)
        {
            if (terminal.Clock.GetElapsedTime(_last) >= s_plainInterval)
            {
                _last = terminal.Clock.GetTimestamp();
                terminal.Note(Describe(value));
            }
        }
    }
}
