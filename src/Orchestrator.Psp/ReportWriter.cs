using System.Buffers.Binary;
using System.Security.Cryptography;
using Orchestrator.Attestation.Snp;

namespace Orchestrator.Psp;

/// <summary>Writes attestation reports of version 3 in AMD's layout (docs/spec/snp-evidence.md) and signs them.</summary>
internal sealed class ReportWriter(ECDsa chipKey, ReadOnlyMemory<byte> chipId, ulong tcb)
{
    private const int Version = 3;
    private const int EcdsaP384Sha384 = 1;
    private const int ScalarSize = 48;
    private const int ComponentSize = 72;

    /// <summary>A report on a guest.</summary>
    /// <param name="launch">As it was launched.</param>
    /// <param name="reportId">Names this guest, 32 bytes.</param>
    /// <param name="reportData">What the guest wants in it, 64 bytes.</param>
    public byte[] Write(GuestLaunch launch, ReadOnlySpan<byte> reportId, ReadOnlySpan<byte> reportData)
    {
        byte[] report = new byte[SnpReport.Size];
        WriteUInt32(0x000, Version);
        WriteUInt32(0x004, launch.Svn);
        WriteUInt64(0x008, launch.Policy.Raw);
        launch.FamilyId.Span.CopyTo(report.AsSpan(0x010, 16));
        WriteUInt32(0x034, EcdsaP384Sha384);
        foreach (int field in (int[])[0x038, 0x180, 0x1E0, 0x1F0])
        {
            WriteUInt64(field, tcb);
        }

        reportData.CopyTo(report.AsSpan(0x050, 64));
        launch.Measurement.CopyTo(report.AsSpan(0x090, 48));
        launch.HostData.CopyTo(report.AsSpan(0x0C0, 32));
        reportId.CopyTo(report.AsSpan(0x140, 32));
        chipId.Span.CopyTo(report.AsSpan(0x1A0, 64));
        Sign(report);
        return report;

        void WriteUInt32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(report.AsSpan(offset), value);
        void WriteUInt64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(offset), value);
    }

    private void Sign(Span<byte> report)
    {
        byte[] signature = chipKey.SignData(report[..SnpReport.SignedSize], HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        for (int i = 0; i < 2; i++)
        {
            Span<byte> component = signature.AsSpan(i * ScalarSize, ScalarSize);
            component.Reverse();
            component.CopyTo(report[(SnpReport.SignedSize + (i * ComponentSize))..]);
        }
    }
}
