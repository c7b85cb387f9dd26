using System.Collections.Concurrent;
using System.Diagnostics;

namespace Grpc.Tests.Harness;

/// <summary>A running peer, spoken to by lines.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly ConcurrentQueue<string> errors = new();

    private PeerProcess(Process process)
    {
        this.process = process;
        process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data ?? string.Empty);
        process.BeginErrorReadLine();
    }

    internal static PeerProcess Start<TKind>(IEnumerable<string> arguments)
        where TKind : IPeerKind
    {
        string[] command = TKind.Command;
        return new PeerProcess(Process.Start(new ProcessStartInfo(command[0], command[1..].Concat(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    internal async Task WriteLineAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    internal async Task<string> ReadLineAsync()
    {
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        return line ?? throw new EndOfStreamException("The peer ended: " + string.Join('\n', errors));
    }

    /// <summary>Ends the process at once, with SIGKILL, and waits until it is gone.</summary>
    internal async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }
}
