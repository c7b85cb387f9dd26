using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// Under which conditions a party releases its keys, as it writes them down: <c>policy.yaml</c>, docs/spec/release-policy.md.
/// An empty file releases nothing: it trusts no root. What is dangerous is allowed by name or not at all.
/// </summary>
public sealed class PartyPolicy
{
    private const string Format = "orchestrator/release-policy/v1";
    private const int MaxPemBytes = 1 << 20;
    private const int MaxCollateralBytes = 4 << 20;
    private const int MaxGraceDays = 365;

    private readonly string? _collateral;
    private readonly TimeSpan _grace;

    private PartyPolicy(ReleasePolicy rules, GroupPolicy? groups, TrustAnchors anchors, string? collateral, TimeSpan grace)
    {
        Rules = rules;
        Groups = groups;
        Anchors = anchors;
        _collateral = collateral;
        _grace = grace;
    }

    /// <summary>What a verified quote must say.</summary>
    public ReleasePolicy Rules { get; }

    /// <summary>To which container groups the party releases; null: to none.</summary>
    public GroupPolicy? Groups { get; }

    /// <summary>Vendor roots that may vouch for a device.</summary>
    public TrustAnchors Anchors { get; }

    /// <summary>Whether the policy names the vendor's collateral.</summary>
    public bool ConsultsCollateral => _collateral is not null;

    /// <summary>Reads a policy file. Paths in it start at its own folder.</summary>
    /// <param name="path">The file.</param>
    /// <param name="party">Whose policy it is.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="YamlErrors"/>, a root that is none, or a file that cannot be read.</exception>
    public static PartyPolicy Read(string path, string party)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return YamlDocument.Read(path).AsMap(map => Read(map, folder, party));
    }

    /// <summary>Reads a policy from a text, e.g. in a notebook.</summary>
    /// <param name="yaml">The policy file's content.</param>
    /// <param name="party">Whose policy it is.</param>
    /// <param name="folder">Where paths in it start; null is the current folder.</param>
    /// <exception cref="OrchestratorException">As <see cref="Read(string, string)"/>.</exception>
    public static PartyPolicy Parse(string yaml, string party, string? folder = null) =>
        YamlDocument.Parse(yaml, "policy.yaml").AsMap(map => Read(map, folder ?? Directory.GetCurrentDirectory(), party));

    /// <summary>Verifies evidence by this policy's roots and its collateral, which is read anew each time: it expires.</summary>
    /// <param name="time">The clock that certificates and collateral are judged by.</param>
    /// <param name="collateralFile">Collateral to take in place of the policy's; null takes the policy's.</param>
    /// <exception cref="OrchestratorException">The collateral cannot be read, is not by a trusted root, or no root is trusted.</exception>
    public EvidenceVerifier Verifier(TimeProvider time, string? collateralFile = null) => Verifier(time, ReadCollateral(collateralFile ?? _collateral));

    internal EvidenceVerifier Verifier(TimeProvider time, Collateral collateral) => new(Anchors, time, collateral, _grace);

    /// <summary>The collateral as it is now; <see cref="Collateral.None"/> if the policy names none.</summary>
    /// <exception cref="OrchestratorException">It cannot be read, or is not by a trusted root.</exception>
    internal Collateral ReadCollateral() => ReadCollateral(_collateral);

    private Collateral ReadCollateral(string? file) => file is null
        ? Collateral.None
        : Collateral.Verify(LocalFile.ReadAllBytes(file, MaxCollateralBytes, AttestationErrors.CollateralInvalid), Anchors);

    private static PartyPolicy Read(YamlMap map, string folder, string party)
    {
        map.Required("format").AsChoice((Format, true));
        TrustAnchors anchors = TrustAnchors.None;
        foreach (string pem in map.Required("roots").AsList(item => Pem(item, folder)))
        {
            anchors = anchors.WithPem(pem);
        }

        HashSet<string> allowed = [.. map.Optional("allow")?.AsList(Allowance) ?? []];
        var rules = new ReleasePolicy
        {
            Party = party,
            MinimumSecurityVersion = map.Optional("minimum_security_version")?.AsInteger(1, int.MaxValue) ?? 1,
            Firmware = map.Optional("firmware")?.AsList(FirmwareSection.Read),
            AllowSimulatedDevices = allowed.Contains("simulated_devices"),
            AllowDebug = allowed.Contains("debug"),
            AllowUnconfinedTiles = allowed.Contains("unconfined_tiles"),
            AllowUnknownRevocation = allowed.Contains("unknown_revocation"),
            AllowMovedJobs = allowed.Contains("moved_jobs"),
        };
        string? collateral = map.Optional("collateral") is { } file ? Path.GetFullPath(file.AsText(4096), folder) : null;
        int graceDays = map.Optional("collateral_grace_days")?.AsInteger(0, MaxGraceDays) ?? 0;
        GroupPolicy? groups = map.Optional("snp")?.AsMap(section => GroupPolicy.Read(section, folder, party));
        return new PartyPolicy(rules, groups, anchors, collateral, TimeSpan.FromDays(graceDays));
    }

    private static string Allowance(YamlValue value) => value.AsChoice(
        ("simulated_devices", "simulated_devices"),
        ("debug", "debug"),
        ("unconfined_tiles", "unconfined_tiles"),
        ("unknown_revocation", "unknown_revocation"),
        ("moved_jobs", "moved_jobs"));

    // A root stands in the file itself, so that a policy can be published as one file, or in a file of its own.
    internal static string Pem(YamlValue value, string folder)
    {
        string text = value.AsBlock(MaxPemBytes);
        return text.StartsWith("-----BEGIN", StringComparison.Ordinal)
            ? text
            : LocalFile.ReadAllText(Path.GetFullPath(text, folder), MaxPemBytes, AttestationErrors.AnchorInvalid);
    }
}
