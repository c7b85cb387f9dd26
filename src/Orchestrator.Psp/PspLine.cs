using System.Buffers.Binary;
using System.Text;
using Orchestrator.Attestation.Snp;
using Orchestrator.Errors;

namespace Orchestrator.Psp;

/// <summary>
/// The line between a guest and its security processor, over any duplex stream: 64 bytes ask for a report, which comes with the chain
/// (docs/spec/simulated-psp.md). What the guest cannot say on it is what it is: that was fixed at its launch.
/// </summary>
public sealed class PspLine(Stream stream) : IDisposable
{
    /// <summary>Bytes that a guest may have in a report.</summary>
    public const int ReportDataSize = 64;

    private const int MaxChainSize = 64 * 1024;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The processor's side: answers until the guest hangs up.</summary>
    public static async Task ServeAsync(Stream stream, LaunchedGuest guest, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(guest);
        byte[] chain = Encoding.ASCII.GetBytes(guest.Chain);
        byte[] reportData = new byte[ReportDataSize];
        byte[] length = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)chain.Length);
        while (await stream.ReadAtLeastAsync(reportData, ReportDataSize, throwOnEndOfStream: false, cancel).ConfigureAwait(false) == ReportDataSize)
        {
            await stream.WriteAsync((byte[])[.. guest.Report(reportData), .. length, .. chain], cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The guest's side: a report, and the chain of the chip that signed it, in PEM.</summary>
    /// <param name="reportData">64 bytes.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="PspErrors.Unreachable"/>, or <see cref="SnpErrors.ReportMalformed"/>.</exception>
    public async Task<(SnpReport Report, string Chain)> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, ReportDataSize);
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await stream.WriteAsync(reportData, cancel).ConfigureAwait(false);
            byte[] head = new byte[SnpReport.Size + sizeof(uint)];
            await stream.ReadExactlyAsync(head, cancel).ConfigureAwait(false);
            uint size = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(SnpReport.Size));
            byte[] chain = size <= MaxChainSize ? new byte[size] : throw new IOException($"a chain of {size} bytes");
            await stream.ReadExactlyAsync(chain, cancel).ConfigureAwait(false);
            return (SnpReport.Parse(head.AsSpan(0, SnpReport.Size)), Encoding.ASCII.GetString(chain));
        }
        catch (IOException e)
        {
            throw new OrchestratorException(PspErrors.Unreachable, $"The security processor does not answer: {e.Message.TrimEnd('.')}.", inner: e);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        stream.Dispose();
    }
}
