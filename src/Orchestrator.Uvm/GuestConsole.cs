using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>A step of a machine's start.</summary>
/// <param name="Name">Which.</param>
/// <param name="Reached">Since the machine was started, on the host's clock.</param>
public sealed record BootStage(string Name, TimeSpan Reached);

/// <summary>
/// What a machine prints: stages of its start and how it ended. The host reads it for people; nothing that matters depends on it.
/// </summary>
internal sealed class GuestConsole(TimeProvider time)
{
    /// <summary>What a Linux kernel says when it gives up.</summary>
    public const string Panic = "Kernel panic - not syncing: ";

    private const string Mark = "uvm: ";
    private const string AgentEnded = "uvm: agent ended with ";
    private const string NoMemory = "Cannot allocate memory";
    private const string PowerDown = "reboot: Power down";
    private const string Starved = "Out of memory: Killed process ";
    private const string Memory = "memory";
    private const int KilledAgent = 128 + 9;
    private const int MaxLines = 200;
    private const int MaxLine = 400;
    private const int MaxStages = 16;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Queue<string> _lines = new();
    private ImmutableArray<BootStage> _stages = [];
    private string? _panic;
    private string? _starved;
    private int? _agent;

    /// <summary>Stages until now.</summary>
    public ImmutableArray<BootStage> Stages
    {
        get
        {
            lock (_lock)
            {
                return _stages;
            }
        }
    }

    /// <summary>The last lines.</summary>
    public ImmutableArray<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>What the kernel has killed last for want of memory: a process's number and name; null: nothing.</summary>
    public string? KilledForMemory
    {
        get
        {
            lock (_lock)
            {
                return _starved;
            }
        }
    }

    /// <summary>Reads until the machine ends. A line that never ends is cut, not kept.</summary>
    public async Task ReadAsync(TextReader output)
    {
        char[] piece = new char[1024];
        var line = new StringBuilder();
        while (await output.ReadAsync(piece).ConfigureAwait(false) is > 0 and var count)
        {
            foreach (char c in piece.Take(count))
            {
                if (c == '\n')
                {
                    Read(line.ToString());
                    line.Clear();
                }
                else if (line.Length < MaxLine)
                {
                    line.Append(c);
                }
            }
        }

        if (line.Length > 0)
        {
            Read(line.ToString());
        }
    }

    /// <summary>Notes a stage that the host sees.</summary>
    public void Reach(string stage)
    {
        lock (_lock)
        {
            Add(stage);
        }
    }

    /// <summary>How the machine ended.</summary>
    /// <param name="exitCode">QEMU's.</param>
    public OrchestratorException End(int exitCode)
    {
        const int Signalled = 128;
        lock (_lock)
        {
            string last = _lines.LastOrDefault(line => !line.Contains(Mark, StringComparison.Ordinal) && !line.Contains(PowerDown, StringComparison.Ordinal)) is { } line ? $" The last line: {line}" : "";
            return (_agent, _panic) switch
            {
                (KilledAgent, _) when _starved is not null => new OrchestratorException(UvmErrors.OutOfMemory, $"The utility VM ran out of memory; the last process that its kernel killed for it: {_starved}."),
                (_, { } reason) when reason.Contains(Memory, StringComparison.Ordinal) => new OrchestratorException(UvmErrors.OutOfMemory, $"The utility VM's kernel gave up: {reason}."),
                ({ } code, _) => new OrchestratorException(UvmErrors.AgentEnded, $"The utility VM's agent ended with {code}.{last}"),
                (_, { } reason) => new OrchestratorException(UvmErrors.Panicked, $"The utility VM's kernel gave up: {reason}."),
                _ when exitCode > Signalled => new OrchestratorException(UvmErrors.Killed, $"The utility VM was ended by signal {exitCode - Signalled}."),
                _ when last.Contains(NoMemory, StringComparison.Ordinal) && _stages.IsEmpty => new OrchestratorException(UvmErrors.NoMemory, $"The host gives the utility VM no memory.{last}"),
                _ => new OrchestratorException(UvmErrors.NotStarted, $"The utility VM ended with {exitCode} before its agent did.{last}"),
            };
        }
    }

    private void Read(string line)
    {
        string text = new([.. line.Where(c => c is >= ' ' and <= '~')]);
        lock (_lock)
        {
            _lines.Enqueue(text);
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }

            if (text.StartsWith(AgentEnded, StringComparison.Ordinal))
            {
                _agent = int.TryParse(text[AgentEnded.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : -1;
            }
            else if (text.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var mark && text[(mark + Mark.Length)..].Split(' ') is [{ } stage, _])
            {
                Add(stage);
            }
            else if (text.IndexOf(Starved, StringComparison.Ordinal) is >= 0 and var starved)
            {
                _starved = text[(starved + Starved.Length)..].Split(')')[0] + ")";
            }
            else if (text.IndexOf(Panic, StringComparison.Ordinal) is >= 0 and var at)
            {
                _panic ??= text[(at + Panic.Length)..].TrimEnd('.');
            }
        }
    }

    // Whatever the guest prints, the host keeps only so much.
    private void Add(string stage)
    {
        if (_stages.Length < MaxStages)
        {
            _stages = _stages.Add(new BootStage(stage, time.GetElapsedTime(_start)));
        }
    }
}
