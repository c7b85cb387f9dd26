using System.Security.Cryptography;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Runs;
using Orchestrator.Device.Sxp;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>A frame that has arrived and is not opened yet. It keeps its context until it is disposed of.</summary>
public sealed class SealedFrame : IDisposable
{
    private readonly InputStream _stream;
    private readonly long _index;
    private readonly ReadContext _context;
    private readonly Memory<byte> _frame;
    private readonly OverheadClock _clock;
    private readonly bool _isPinned;

    /// <param name="stream">Whose frame was asked for.</param>
    /// <param name="index">Which one.</param>
    /// <param name="context">Holds what arrived.</param>
    /// <param name="length">Bytes that arrived.</param>
    /// <param name="clock">Notes the time that checking takes.</param>
    internal SealedFrame(InputStream stream, long index, ReadContext context, int length, OverheadClock clock)
    {
        _stream = stream;
        _index = index;
        _context = context;
        _frame = context.Room[..length];
        _clock = clock;

        // Now, while the tiles are busy with an earlier frame; what it means is for Open to say, after the tag.
        using (clock.Measure(OverheadTerm.Decrypt))
        {
            _isPinned = stream.Checks.Check(index, _frame.Span);
        }
    }

    /// <summary>Bytes of plaintext of the frame that was asked for.</summary>
    public int PlaintextLength => _stream.PlaintextLengthOf(_index);

    /// <summary>Opens the frame into the tiles' memory. Nothing is left there after a failure.</summary>
    /// <param name="plaintext">Exactly <see cref="PlaintextLength"/> bytes.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FrameForged"/>, <see cref="DeviceErrors.FrameMisplaced"/> or
    /// <see cref="DeviceErrors.FrameSubstituted"/>.</exception>
    public void Open(Span<byte> plaintext)
    {
        using (_clock.Measure(OverheadTerm.Decrypt, not: OverheadTerm.Ingest))
        {
            // A frame of another length can be authentic, from another place; there is no room for it, and no need.
            Span<byte> room = _frame.Length == plaintext.Length + StreamLimits.FrameOverhead ? plaintext : GC.AllocateUninitializedArray<byte>(_context.Room.Length, pinned: true);
            try
            {
                Require(_context.TryOpen(_frame.Span, room, out FrameIv found, out int length), DeviceErrors.FrameForged, "is not authentic");
                Require(found == new FrameIv(_stream.Description.Kind, _stream.Description.Run, _index),
                    DeviceErrors.FrameMisplaced, $"is {found}, a genuine frame from another place");
                Require(_isPinned && length == plaintext.Length, DeviceErrors.FrameSubstituted, "is not the frame that the manifest pins");
            }
            catch
            {
                CryptographicOperations.ZeroMemory(room);
                throw;
            }
        }
    }

    /// <summary>Gives the context back.</summary>
    public void Dispose() => _context.Release();

    private void Require(bool holds, ErrorCode code, string finding)
    {
        if (!holds)
        {
            throw new OrchestratorException(code, $"Frame {_index} of stream {_stream.Description.Id} ({_stream.Description.Owner}) {finding}.");
        }
    }
}
