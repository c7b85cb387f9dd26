namespace Orchestrator.Attestation.Snp;

/// <summary>What a guest was launched under (publication 56860, table GUEST_POLICY).</summary>
/// <param name="Raw">64 bits.</param>
public readonly record struct SnpGuestPolicy(ulong Raw)
{
    /// <summary>Least ABI version of the firmware, as major and minor.</summary>
    public (byte Major, byte Minor) Abi => ((byte)((Raw >> 8) & 0xFF), (byte)(Raw & 0xFF));

    /// <summary>Whether threads of a core may be shared with others.</summary>
    public bool AllowsSmt => Has(16);

    /// <summary>Whether a migration agent may move it.</summary>
    public bool AllowsMigration => Has(18);

    /// <summary>Whether the host may read and write its memory.</summary>
    public bool AllowsDebug => Has(19);

    /// <summary>Whether it may run on one socket only.</summary>
    public bool RequiresSingleSocket => Has(20);

    /// <summary>For people.</summary>
    public override string ToString() =>
        $"0x{Raw:x16} (ABI {Abi.Major}.{Abi.Minor}, SMT {Allowed(AllowsSmt)}, migration {Allowed(AllowsMigration)}, debugging {Allowed(AllowsDebug)})";

    private static string Allowed(bool allowed) => allowed ? "allowed" : "not allowed";

    private bool Has(int bit) => ((Raw >> bit) & 1) != 0;
}
