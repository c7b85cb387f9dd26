using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Objects;

namespace Orchestrator.Host.Sessions;

/// <summary>The outputs of one session. Until all are complete and the session keeps them, they are files that nobody can name; disposing removes those.</summary>
internal sealed class OutputSet(ObjectStore store, IReadOnlySet<string> expected, long maximumBytes) : IDisposable
{
    private readonly Dictionary<string, ObjectWriter> _open = [];
    private readonly Dictionary<string, (ObjectWriter Writer, Digest Digest)> _finished = [];

    /// <exception cref="OrchestratorException"><see cref="HostErrors.DeviceProtocol"/>, a code of <see cref="Crypto.Streams.StreamErrors"/> or of <see cref="Crypto.IO.StorageErrors"/>.</exception>
    public void Write(WriteOutput piece)
    {
        if (!expected.Contains(piece.Output) || _finished.ContainsKey(piece.Output))
        {
            throw Broken("writes an output that the manifest does not have, or has written before");
        }

        if (!_open.TryGetValue(piece.Output, out ObjectWriter? writer))
        {
            _open.Add(piece.Output, writer = store.BeginOutput(piece.Output));
        }

        if (piece.Offset != (ulong)writer.Received || piece.Data.Length > maximumBytes - writer.Received)
        {
            throw Broken("leaves a gap in an output, or writes more than an object may have");
        }

        writer.Append(piece.Data.Span);
        if (piece.Last)
        {
            _open.Remove(piece.Output);
            _finished.Add(piece.Output, (writer, writer.Finish()));
        }
    }

    /// <summary>Moves every output to its place in the store.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.DeviceProtocol"/>: one is missing. A code of <see cref="Crypto.IO.StorageErrors"/>.</exception>
    public IReadOnlyList<SessionOutput> Keep()
    {
        if (_finished.Count != expected.Count)
        {
            throw Broken("finished without writing every output of the manifest");
        }

        var kept = new List<SessionOutput>();
        foreach ((string name, (ObjectWriter writer, Digest digest)) in _finished)
        {
            kept.Add(new SessionOutput(name, digest, writer.Received));
            store.Place(writer, digest);
        }

        _finished.Clear();
        return kept;
    }

    public void Dispose()
    {
        foreach (ObjectWriter writer in _open.Values.Concat(_finished.Values.Select(finished => finished.Writer)))
        {
            writer.Discard();
        }
    }

    private static OrchestratorException Broken(string how) => new(HostErrors.DeviceProtocol, $"The device {how}.");
}
