namespace Orchestrator.Guest.Processes;

/// <summary>What the agent notes of its own work. It may quote containers, so it leaves the guest only where the policy lets it.</summary>
internal sealed class RuntimeLog
{
    private const int MaxLines = 10_000;
    private const int MaxLine = 4096;

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    /// <summary>Notes a line; those after the first ten thousand are lost.</summary>
    public void Note(string line)
    {
        lock (_lock)
        {
            if (_lines.Count < MaxLines)
            {
                _lines.Add(line.Length <= MaxLine ? line : line[..MaxLine]);
            }
        }
    }

    /// <summary>Lines after the first <paramref name="from"/>, at most <paramref name="count"/>.</summary>
    public IReadOnlyList<string> Read(int from, int count)
    {
        lock (_lock)
        {
            return [.. _lines.Skip(from).Take(count)];
        }
    }
}
