using System.Security.Cryptography;

namespace Orchestrator.Psp;

/// <summary>A guest as its security processor knows it; made by launching one.</summary>
public sealed class LaunchedGuest
{
    private readonly GuestLaunch _launch;
    private readonly ReportWriter _writer;
    private readonly byte[] _reportId = RandomNumberGenerator.GetBytes(32);

    internal LaunchedGuest(GuestLaunch launch, ReportWriter writer, string chain)
    {
        _launch = launch;
        _writer = writer;
        Chain = chain;
    }

    /// <summary>Certificates of chip, intermediate and root, in PEM.</summary>
    public string Chain { get; }

    /// <summary>A signed report on the guest, 1184 bytes.</summary>
    /// <param name="reportData">What the guest wants in it, 64 bytes.</param>
    public byte[] Report(ReadOnlySpan<byte> reportData)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, PspLine.ReportDataSize);
        return _writer.Write(_launch, _reportId, reportData);
    }
}
