using System.Globalization;

namespace Orchestrator.Guest.Kernel;

/// <summary>Whom the kernel kills when memory runs out: containers, however small their processes are, and not the agent.</summary>
internal static class MemoryShortage
{
    /// <summary>The score of those that go first, see proc_pid_oom_score_adj(5). Nobody needs a capability to be given it.</summary>
    public const int First = 1000;

    /// <summary>Gives a process, and what it will start, the score. One that has ended needs none.</summary>
    public static void KillFirst(int pid)
    {
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", First.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It has ended.
        }
    }
}
