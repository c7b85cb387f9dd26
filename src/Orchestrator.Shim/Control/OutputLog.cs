using Orchestrator.Channel;
using Orchestrator.Errors;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Shim.Control;

/// <summary>What a container has written, as far as its policy lets it out: kept for who asks later, up to a limit.</summary>
public sealed class OutputLog
{
    private const int MaxBytes = 4 << 20;
    private const int MaxPiece = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly MemoryStream _kept = new();

    /// <summary>Reads both streams of a container to their ends.</summary>
    /// <param name="client">Of the group.</param>
    /// <param name="container">The container.</param>
    /// <param name="write">Also gets what comes: the stream's number and the bytes.</param>
    /// <param name="cancel">Gives up.</param>
    public Task FollowAsync(GroupClient client, RunningContainer container, Action<int, ReadOnlyMemory<byte>> write, CancellationToken cancel) =>
        container.Process.AllowsStdio ? Task.WhenAll(FollowAsync(client, container, 1, write, cancel), FollowAsync(client, container, 2, write, cancel)) : Task.CompletedTask;

    /// <summary>Up to 64 KiB after the first <paramref name="from"/> bytes.</summary>
    public byte[] Read(int from)
    {
        lock (_lock)
        {
            ReadOnlySpan<byte> kept = _kept.GetBuffer().AsSpan(0, (int)_kept.Length);
            ReadOnlySpan<byte> rest = kept[Math.Min(from, kept.Length)..];
            return rest[..Math.Min(rest.Length, MaxPiece)].ToArray();
        }
    }

    private async Task FollowAsync(GroupClient client, RunningContainer container, int stream, Action<int, ReadOnlyMemory<byte>> write, CancellationToken cancel)
    {
        try
        {
            while (await client.ReadAsync(container.Process.Process, stream, cancel).ConfigureAwait(false) is { Length: > 0 } data)
            {
                write(stream, data);
                lock (_lock)
                {
                    _kept.Write(data.Span[..Math.Min(data.Length, MaxBytes - (int)_kept.Length)]);
                }
            }
        }
        catch (OrchestratorException e) when (e.Code == ChannelErrors.Closed)
        {
            // The group has ended, and with it what its containers would have written.
        }
    }
}
