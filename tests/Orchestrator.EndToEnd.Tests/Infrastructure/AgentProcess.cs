using System.Diagnostics;
using System.Globalization;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>An agent in a process of its own, which can be treated accordingly.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly Process _process;
    private Task<string[]> _rest = Task.FromResult<string[]>([]);

    private AgentProcess(Process process) => _process = process;

    /// <summary>Starts a party's agent, and waits until it attends.</summary>
    public static async Task<AgentProcess> StartAsync(Participant party, Uri host)
    {
        Process process = Process.Start(Executable.Start(Executable.Orchestrator, ["agent", "run", "--policy", party.PolicyFile, "--host", host.ToString(), .. party.Options]))!;
        var agent = new AgentProcess(process);
        using CancellationTokenSource limit = Patience.Begin();
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.EndsWith(" attending", StringComparison.Ordinal))
            {
                // Read on, so that the agent is never kept waiting.
                agent._rest = Task.WhenAll(process.StandardError.ReadToEndAsync(CancellationToken.None), process.StandardOutput.ReadToEndAsync(CancellationToken.None));
                return agent;
            }
        }

        await agent.DisposeAsync();
        throw new InvalidOperationException("The agent ended before it attended.");
    }

    /// <summary>What it said if it has ended by itself.</summary>
    public async Task<string?> LastWordsAsync() => _process.HasExited ? string.Concat(await _rest) : null;

    public async Task FreezeAsync()
    {
        Ending ending = await Executable.RunAsync("/bin/kill", "-STOP", _process.Id.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(0, ending.ExitCode);
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _rest;
        _process.Dispose();
    }
}
