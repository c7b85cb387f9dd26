using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Reads a stage of the section <c>prepare</c> of a job file, docs/spec/job-file.md.</summary>
internal static class StageSection
{
    private const int MaxPolicyBytes = 8 << 20;

    public static StageSource Read(YamlMap map, string folder) => new(
        JobFileReader.PartyNameOf(map.Required("name")),
        Policy(map.Required("policy"), folder),
        map.Required("measurements").AsList(item => item.AsParsed(Measurement.Parse)),
        map.Required("inputs").AsList(item => item.AsMap(input => (JobFileReader.PartyNameOf(input.Required("name")), JobFileReader.Stream(input, role: null, folder)))),
        map.Required("outputs").AsList(item => item.AsMap(output => Result(output, folder))),
        map.Required("devices").AsMap(devices => Devices(devices, folder)));

    // The policy itself, or the digest of one that is not at hand.
    private static Digest Policy(YamlValue value, string folder)
    {
        string text = value.AsText(4096);
        return Digest.TryParse(text, out Digest digest)
            ? digest
            : Digest.Of(LocalFile.ReadAllBytes(JobFileReader.PathOf(value, folder), MaxPolicyBytes, JobErrors.Inconsistent));
    }

    private static StageResult Result(YamlMap map, string folder) => new(
        JobFileReader.PartyNameOf(map.Required("name")),
        JobFileReader.DataRole(map),
        SchemaFile.Read(JobFileReader.PathOf(map.Required("schema"), folder)),
        map.Required("most_records").AsInteger(1, long.MaxValue),
        map.Optional("frame_size")?.AsInteger(StreamLimits.MinFrameSize, StreamLimits.MaxFrameSize) ?? StreamLimits.DefaultFrameSize);

    private static StageDevices Devices(YamlMap map, string folder)
    {
        DeviceAllowances allowed = (map.Optional("allow")?.AsList(Allowance) ?? []).Aggregate(DeviceAllowances.None, (all, one) => all | one);
        return new StageDevices([.. map.Required("roots").AsList(item => PartyPolicy.Pem(item, folder)).SelectMany(Roots)], allowed);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Roots(string pem) =>
        Attestation.Certificates.TrustAnchors.None.WithPem(pem).Roots.Select(root => root.Der);

    private static DeviceAllowances Allowance(YamlValue value) => value.AsChoice(
        ("simulated_devices", DeviceAllowances.SimulatedDevices), ("unconfined_tiles", DeviceAllowances.UnconfinedTiles), ("unknown_revocation", DeviceAllowances.UnknownRevocation));
}
