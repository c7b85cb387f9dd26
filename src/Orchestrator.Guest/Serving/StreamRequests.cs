using Orchestrator.Crypto.Cbor;
using Orchestrator.Guest.Processes;

namespace Orchestrator.Guest.Serving;

/// <summary>Requests about processes that run: their ends and their streams. What is open was settled when they started.</summary>
internal sealed class StreamRequests(ProcessTable processes)
{
    private const int MaxWrite = 1 << 20;

    public async Task<CborValue> WaitAsync(CborField body, CancellationToken cancel)
    {
        GuestProcess process = body.ReadMap(map => processes.Find(map.Required("process").AsInt64()));
        return CborMap.Of(("exit_code", (long)await process.Exit.WaitAsync(cancel).ConfigureAwait(false)));
    }

    public async Task<CborValue> ReadOutputAsync(CborField body, CancellationToken cancel)
    {
        (GuestProcess process, int stream) = body.ReadMap(map => (processes.Find(map.Required("process").AsInt64()), map.Required("stream").AsInt32(1, 2)));
        return CborMap.Of(("data", await process.Stdio.ReadAsync(stream, cancel).ConfigureAwait(false)));
    }

    public async Task<CborValue> WriteInputAsync(CborField body, CancellationToken cancel)
    {
        (GuestProcess process, ReadOnlyMemory<byte> data) = body.ReadMap(map => (processes.Find(map.Required("process").AsInt64()), map.Required("data").AsBytes(MaxWrite)));
        await process.Stdio.WriteAsync(data, cancel).ConfigureAwait(false);
        return CborMap.Of();
    }
}
