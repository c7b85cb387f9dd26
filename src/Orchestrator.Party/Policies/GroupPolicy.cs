using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;
using Orchestrator.Sdk.Snp;

namespace Orchestrator.Sdk;

/// <summary>To which container groups a party releases: the section <c>snp</c> of a release policy, docs/spec/release-policy.md.</summary>
public sealed class GroupPolicy
{
    private const int MaxDid = 1024;

    private readonly ImmutableArray<SnpProduct> _products;
    private readonly string? _revocations;

    private GroupPolicy(SnpPolicy rules, ImmutableArray<SnpProduct> products, string? revocations)
    {
        Rules = rules;
        _products = products;
        _revocations = revocations;
    }

    /// <summary>What a verified report must say.</summary>
    public SnpPolicy Rules { get; }

    /// <summary>Whether the policy names the root's list of revoked certificates.</summary>
    public bool ConsultsRevocations => _revocations is not null;

    /// <summary>Verifies a group's evidence by this policy's roots and its list of revoked certificates, which is read anew each time: it expires.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="SnpErrors"/> or <see cref="GroupErrors"/>, or the list cannot be read.</exception>
    public VerifiedGroup Verify(GroupEvidence evidence, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return VerifiedGroup.Verify(evidence, _products, time.GetUtcNow(), _revocations is { } list ? SnpFiles.ReadRevocations(list) : (ReadOnlyMemory<byte>?)null);
    }

    internal static GroupPolicy Read(YamlMap map, string folder, string party)
    {
        HashSet<string> allowed = [.. map.Optional("allow")?.AsList(Allowance) ?? []];
        string? revocations = map.Optional("crl") is { } list ? Path.GetFullPath(list.AsText(4096), folder) : null;
        var rules = new SnpPolicy
        {
            Party = party,
            Measurements = map.Optional("measurements") is { } measurements ? [.. measurements.AsList(item => item.AsParsed(Measurement.Parse))] : (ImmutableArray<Measurement>?)null,
            Endorsers = map.Optional("endorsers") is { } endorsers ? [.. endorsers.AsList(Endorser)] : (ImmutableArray<SnpEndorser>?)null,
            MinimumTcb = map.Optional("minimum_tcb")?.AsMap(Versions) ?? ImmutableDictionary<string, byte>.Empty,
            MinimumGuestSvn = (uint)(map.Optional("minimum_guest_svn")?.AsInteger(0, int.MaxValue) ?? 0),
            AllowSimulated = allowed.Contains("simulated"),
            AllowSandbox = allowed.Contains("sandbox"),
            AllowDebug = allowed.Contains("debug"),
            AllowMigration = allowed.Contains("migration"),
            AllowUnknownRevocation = allowed.Contains("unknown_revocation"),
        };
        ImmutableArray<SnpProduct> products = map.Optional("roots") is { } roots
            ? [.. roots.AsList(item => PartyPolicy.Pem(item, folder)).SelectMany(SignedCertificate.ParsePem).Select(SnpProduct.Under)]
            : SnpProduct.All;
        return new GroupPolicy(rules, products, revocations);
    }

    private static SnpEndorser Endorser(YamlValue value) => value is YamlScalar ? new SnpEndorser(value.AsText(MaxDid)) : value.AsMap(map => new SnpEndorser(
        map.Required("issuer").AsText(MaxDid), map.Optional("feed")?.AsText(), (uint)(map.Optional("minimum_svn")?.AsInteger(0, int.MaxValue) ?? 0)));

    private static ImmutableDictionary<string, byte> Versions(YamlMap map) =>
        map.Entries.Keys.ToImmutableDictionary(component => component, component => (byte)map.Required(component).AsInteger(0, byte.MaxValue));

    private static string Allowance(YamlValue value) => value.AsChoice(
        ("simulated", "simulated"), ("sandbox", "sandbox"), ("debug", "debug"), ("migration", "migration"), ("unknown_revocation", "unknown_revocation"));
}
