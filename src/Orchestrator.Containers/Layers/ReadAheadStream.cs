using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Orchestrator.Containers.Layers;

/// <summary>Reads a stream on a thread of its own, a few pieces ahead: unpacking and hashing go on while what came out is written.</summary>
internal sealed class ReadAheadStream : ForwardStream
{
    private const int Pieces = 4;
    private const int PieceSize = 1 << 20;

    private sealed record Piece(byte[] Bytes, int Length, ExceptionDispatchInfo? Failure = null);

    private readonly Stream _source;
    private readonly BlockingCollection<Piece> _filled = [];
    private readonly BlockingCollection<byte[]> _free = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reader;
    private Piece? _current;
    private int _done;

    /// <summary>Begins to read; the source stays open.</summary>
    public ReadAheadStream(Stream source)
    {
        _source = source;
        for (int i = 0; i < Pieces; i++)
        {
            _free.Add(new byte[PieceSize]);
        }

        _reader = Task.Factory.StartNew(ReadAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public override int Read(Span<byte> buffer)
    {
        if (_current is null)
        {
            _current = _filled.Take();
            _done = 0;
        }

        _current.Failure?.Throw();
        int count = Math.Min(buffer.Length, _current.Length - _done);
        _current.Bytes.AsSpan(_done, count).CopyTo(buffer);
        _done += count;

        // The last piece is empty, and stays.
        if (_done == _current.Length && _current.Length > 0)
        {
            _free.Add(_current.Bytes);
            _current = null;
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Cancel();
            _reader.Wait();
            _stop.Dispose();
            _filled.Dispose();
            _free.Dispose();
        }

        base.Dispose(disposing);
    }

    private void ReadAll()
    {
        try
        {
            Piece piece;
            do
            {
                byte[] bytes = _free.Take(_stop.Token);
                piece = new Piece(bytes, _source.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
                _filled.Add(piece);
            }
            while (piece.Length > 0);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            _filled.Add(new Piece([], 0, ExceptionDispatchInfo.Capture(e)));
        }
    }
}
