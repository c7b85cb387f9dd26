using System.Buffers.Binary;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>Whose key signed a report.</summary>
public enum SnpSigningKey
{
    /// <summary>The chip's (VCEK).</summary>
    Vcek = 0,

    /// <summary>One that the vendor lent to a cloud provider (VLEK).</summary>
    Vlek = 1,
}

/// <summary>
/// An attestation report in AMD's layout (SEV-SNP Firmware ABI, publication 56860, table ATTESTATION_REPORT), 1184 bytes. Parsing verifies nothing.
/// </summary>
public sealed class SnpReport
{
    /// <summary>Bytes of a report.</summary>
    public const int Size = 1184;

    /// <summary>Bytes under the signature.</summary>
    public const int SignedSize = 0x2A0;

    private const int ComponentSize = 72;
    private const int P384Size = 48;
    private const uint EcdsaP384Sha384 = 1;

    private readonly byte[] _bytes;

    private SnpReport(byte[] bytes) => _bytes = bytes;

    /// <summary>Layout version: 2, 3, 4 or 5.</summary>
    public uint Version => ReadUInt32(0x000);

    /// <summary>Security version of the guest, set by its owner.</summary>
    public uint GuestSvn => ReadUInt32(0x004);

    /// <summary>What the guest was launched under.</summary>
    public SnpGuestPolicy Policy => new(ReadUInt64(0x008));

    /// <summary>16 bytes, set by the guest's owner.</summary>
    public ReadOnlyMemory<byte> FamilyId => Slice(0x010, 16);

    /// <summary>Whether the family id says that the guest is a sandbox on the host's kernel: <c>sandbox</c> in ASCII, then zeros.</summary>
    public bool IsSandbox => FamilyId.Span.TrimEnd((byte)0).SequenceEqual("sandbox"u8);

    /// <summary>16 bytes, set by the guest's owner.</summary>
    public ReadOnlyMemory<byte> ImageId => Slice(0x020, 16);

    /// <summary>Privilege level of who asked for the report, 0 to 3; 0 is the most privileged.</summary>
    public uint Vmpl => ReadUInt32(0x030);

    /// <summary>Versions of the firmware that runs.</summary>
    public ulong CurrentTcb => ReadUInt64(0x038);

    /// <summary>Features of the platform, as bits.</summary>
    public ulong PlatformInfo => ReadUInt64(0x040);

    /// <summary>Whose key signed.</summary>
    public SnpSigningKey SigningKey => (SnpSigningKey)((ReadUInt32(0x048) >> 2) & 7);

    /// <summary>Whether <see cref="AuthorKeyDigest"/> says whose guest it is.</summary>
    public bool HasAuthorKey => (ReadUInt32(0x048) & 1) != 0;

    /// <summary>Whether the platform keeps the chip's key to itself: such a report has no signature.</summary>
    public bool MasksChipKey => (ReadUInt32(0x048) & 2) != 0;

    /// <summary>Whether the platform hides the chip's ID.</summary>
    public bool MasksChipId => !ChipId.Span.ContainsAnyExcept((byte)0);

    /// <summary>64 bytes, chosen by the guest when it asked.</summary>
    public ReadOnlyMemory<byte> ReportData => Slice(0x050, 64);

    /// <summary>48 bytes: what was launched.</summary>
    public Measurement Measurement => new(Slice(0x090, 48).Span);

    /// <summary>32 bytes, set once by the host at launch: the digest of the group's policy.</summary>
    public ReadOnlyMemory<byte> HostData => Slice(0x0C0, 32);

    /// <summary>48 bytes: digest of the key that signed the guest's identity.</summary>
    public ReadOnlyMemory<byte> IdKeyDigest => Slice(0x0E0, 48);

    /// <summary>48 bytes: digest of the author's key.</summary>
    public ReadOnlyMemory<byte> AuthorKeyDigest => Slice(0x110, 48);

    /// <summary>32 bytes: this guest, until it ends.</summary>
    public ReadOnlyMemory<byte> ReportId => Slice(0x140, 32);

    /// <summary>32 bytes: its migration agent.</summary>
    public ReadOnlyMemory<byte> ReportIdMa => Slice(0x160, 32);

    /// <summary>The versions that the signing key stands for.</summary>
    public ulong ReportedTcb => ReadUInt64(0x180);

    /// <summary>Processor family, model and stepping; null before version 3.</summary>
    public (byte Family, byte Model, byte Stepping)? Processor => Version >= 3 ? (_bytes[0x188], _bytes[0x189], _bytes[0x18A]) : null;

    /// <summary>64 bytes; zero where the chip hides it.</summary>
    public ReadOnlyMemory<byte> ChipId => Slice(0x1A0, 64);

    /// <summary>Versions below which the firmware cannot go back.</summary>
    public ulong CommittedTcb => ReadUInt64(0x1E0);

    /// <summary>Firmware that runs.</summary>
    public SnpFirmware CurrentFirmware => new(_bytes[0x1EA], _bytes[0x1E9], _bytes[0x1E8]);

    /// <summary>Firmware below which the platform cannot go back.</summary>
    public SnpFirmware CommittedFirmware => new(_bytes[0x1EE], _bytes[0x1ED], _bytes[0x1EC]);

    /// <summary>Versions when the guest was launched.</summary>
    public ulong LaunchTcb => ReadUInt64(0x1F0);

    /// <summary>Mitigations that were on when the guest was launched and are on now, as bits; null before version 5.</summary>
    public (ulong Launch, ulong Current)? Mitigations => Version >= 5 ? (ReadUInt64(0x1F8), ReadUInt64(0x200)) : null;

    /// <summary>The whole report, as received.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The bytes under the signature, as received.</summary>
    public ReadOnlyMemory<byte> SignedPart => Slice(0, SignedSize);

    /// <summary>r and s of 48 bytes each, big endian.</summary>
    public byte[] Signature => [.. ReadComponent(0x2A0), .. ReadComponent(0x2A0 + ComponentSize)];

    /// <summary>Reads a report.</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.ReportMalformed"/>: another size, version or algorithm, or something where the version has nothing.</exception>
    public static SnpReport Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw Malformed($"It has {bytes.Length} bytes instead of {Size}");
        }

        var report = new SnpReport(bytes.ToArray());
        if (report.Version is < 2 or > 5)
        {
            throw Malformed($"Its version is {report.Version}; 2 to 5 are known");
        }

        if (report.ReadUInt32(0x034) != EcdsaP384Sha384)
        {
            throw Malformed("It is not signed with ECDSA over P-384 and SHA-384");
        }

        if (!Enum.IsDefined(report.SigningKey))
        {
            throw Malformed("It names no key that it is signed with");
        }

        (int Start, int End)[] reserved = report.Version switch
        {
            2 => [(0x04C, 0x050), (0x188, 0x1A0), (0x1F8, 0x2A0)],
            3 or 4 => [(0x04C, 0x050), (0x18B, 0x1A0), (0x1F8, 0x2A0)],
            _ => [(0x04C, 0x050), (0x18B, 0x1A0), (0x208, 0x2A0)],
        };
        foreach ((int start, int end) in reserved.Append((0x2A0 + P384Size, 0x2A0 + ComponentSize)).Append((0x2A0 + ComponentSize + P384Size, Size)))
        {
            if (bytes[start..end].ContainsAnyExcept((byte)0))
            {
                throw Malformed($"There is something between bytes 0x{start:X3} and 0x{end:X3}, where version {report.Version} has nothing");
            }
        }

        return report;
    }

    private static OrchestratorException Malformed(string finding) => new(SnpErrors.ReportMalformed, $"The file is no attestation report: {finding}.");

    private uint ReadUInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    private ulong ReadUInt64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(offset));

    private ReadOnlyMemory<byte> Slice(int offset, int length) => _bytes.AsMemory(offset, length);

    private byte[] ReadComponent(int offset)
    {
        byte[] component = _bytes[offset..(offset + P384Size)];
        Array.Reverse(component);
        return component;
    }
}
