using System.Diagnostics;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Processes;

/// <summary>The standard streams of a process: the host's to use, or leading nowhere.</summary>
internal sealed class ProcessStreams
{
    private const int MaxRead = 64 * 1024;

    private readonly Stream _input;
    private readonly Stream[] _outputs;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim[] _reading = [new(1), new(1)];

    /// <summary>Takes over the pipes of a program that was just started.</summary>
    /// <param name="program">Whose pipes they are; its descendants may have them too.</param>
    /// <param name="isOpen">Whether the host gets them.</param>
    public ProcessStreams(Process program, bool isOpen)
    {
        IsOpen = isOpen;
        _input = program.StandardInput.BaseStream;
        _outputs = [program.StandardOutput.BaseStream, program.StandardError.BaseStream];
        if (!isOpen)
        {
            _input.Dispose();
            Drained = Task.WhenAll(_outputs.Select(output => output.CopyToAsync(Stream.Null)));
        }
    }

    /// <summary>Whether the host gets them.</summary>
    public bool IsOpen { get; }

    /// <summary>What the process writes is read and forgotten, so that it never waits; where the host does not get it.</summary>
    private Task? Drained { get; }

    /// <summary>Waits for what the process writes.</summary>
    /// <param name="stream">1 or 2.</param>
    /// <param name="cancel">Waits no longer.</param>
    /// <returns>Nothing at the end.</returns>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.StdioClosed"/>.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(int stream, CancellationToken cancel)
    {
        RequireOpen();
        SemaphoreSlim turn = _reading[stream - 1];
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            byte[] buffer = new byte[MaxRead];
            int read = await _outputs[stream - 1].ReadAsync(buffer, cancel).ConfigureAwait(false);
            return buffer.AsMemory(0, read);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Gives the process something to read; nothing: the end.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.StdioClosed"/>; also once the process reads no more.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        RequireOpen();
        await _writing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (data.IsEmpty)
            {
                await _input.DisposeAsync().ConfigureAwait(false);
                return;
            }

            await _input.WriteAsync(data, cancel).ConfigureAwait(false);
            await _input.FlushAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new OrchestratorException(GuestErrors.StdioClosed, "The process reads no more.", "Nothing is to be done.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private void RequireOpen()
    {
        if (!IsOpen)
        {
            throw new OrchestratorException(GuestErrors.StdioClosed, "The policy keeps the process's streams inside.");
        }
    }
}
