namespace Orchestrator.Attestation.Snp;

/// <summary>Version of a platform's SEV firmware.</summary>
/// <param name="Major">API major version.</param>
/// <param name="Minor">API minor version.</param>
/// <param name="Build">Build number.</param>
public readonly record struct SnpFirmware(byte Major, byte Minor, byte Build)
{
    /// <summary>As the vendor writes it.</summary>
    public override string ToString() => $"{Major}.{Minor} build {Build}";
}
