using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Plans;

namespace Orchestrator.Sdk;

/// <summary>Reads the sections of a job file; the section <c>plan</c> is <see cref="PlanSection"/>'s.</summary>
internal static class JobFileReader
{
    private const string Format = "orchestrator/job/v1";

    public static JobFile Read(YamlValue document, string folder) => document.AsMap(map =>
    {
        map.Required("format").AsChoice((Format, true));
        IReadOnlyList<StageSource> stages = [];
        return new JobFile
        {
            Name = map.Required("name").AsText(128),
            Serial = map.Optional("serial")?.AsInteger(0, long.MaxValue) ?? 0,
            Launcher = PartyNameOf(map.Required("launcher")),
            Parties = map.Required("parties").AsList(item => item.AsParsed(PartyIdentity.Parse)),
            Program = map.Required("program").AsMap(program => Stream(program, role: null, folder)),
            Stages = map.Optional("prepare") is { } prepare ? stages = prepare.AsList(item => item.AsMap(stage => StageSection.Read(stage, folder))) : [],
            Data = (stages.Count > 0 ? map.Optional("data") : map.Required("data"))?.AsList(item => item.AsMap(data => Stream(data, DataRole(data), folder))) ?? [],
            Plan = PlanSection.Read(map.Required("plan")),
            Outputs = map.Required("outputs").AsList(Output),
            Metrics = map.Optional("metrics")?.AsMap(Metrics) ?? new MetricsRelease([], 1, 6),
            Device = map.Required("device").AsMap(Device),
            Memory = map.Optional("memory")?.AsMap(Memory) ?? new JobMemory(),
            CheckpointEveryEpochs = map.Optional("checkpoints")?.AsMap(item => item.Required("every_epochs").AsInteger(0, 1_000_000)) ?? 0,
            Withdrawal = map.Optional("withdrawal")?.AsChoice(("stop", WithdrawalRule.Stop), ("finish_epoch", WithdrawalRule.FinishEpoch)) ?? WithdrawalRule.Stop,
            Policies = map.Optional("policies")?.AsList(item => item.AsMap(policy => Policy(policy, folder))) ?? [],
        };
    });

    internal static StreamSource Stream(YamlMap map, StreamRole? role, string folder) =>
        new(PartyNameOf(map.Required("owner")), role, PathOf(map.Required("sealed"), folder));

    internal static StreamRole DataRole(YamlMap map) =>
        map.Required("role").AsChoice(("train", StreamRole.Train), ("evaluate", StreamRole.Evaluate));

    private static ManifestOutput Output(YamlValue value) => value.AsMap(map => new ManifestOutput(
        PartyNameOf(map.Required("name")),
        map.Required("kind").AsChoice(("model", OutputKind.Model), ("metrics", OutputKind.Metrics)),
        [.. map.Required("receivers").AsList(PartyNameOf).Order(StringComparer.Ordinal)]));

    private static MetricsRelease Metrics(YamlMap map) => new(
        [.. map.Required("names").AsList(item => item.AsText(64))],
        map.Optional("every_epochs")?.AsInteger(1, 1_000_000) ?? 1,
        map.Optional("digits")?.AsInteger(1, 17) ?? 6);

    private static DeviceRequirements Device(YamlMap map) => new(
        [.. map.Required("firmware").AsList(FirmwareSection.Read)],
        map.Required("minimum_security_version").AsInteger(0, int.MaxValue));

    private static JobMemory Memory(YamlMap map)
    {
        var usual = new JobMemory();
        return new JobMemory
        {
            Tiles = map.Optional("tiles")?.AsInteger(1, long.MaxValue) ?? usual.Tiles,
            Parameters = map.Optional("parameters")?.AsInteger(0, MemoryReservation.Most),
            Workspace = map.Optional("workspace")?.AsInteger(0, MemoryReservation.Most) ?? usual.Workspace,
        };
    }

    private static PublishedPolicy Policy(YamlMap map, string folder) =>
        new(PartyNameOf(map.Required("party")), PathOf(map.Required("file"), folder));

    internal static string PartyNameOf(YamlValue value)
    {
        string name = value.AsText(PartyName.MaxLength);
        return PartyName.IsValid(name) ? name : throw value.Bad($"is \"{name}\", not a name of a-z, 0-9, hyphen, underscore and dot");
    }

    internal static string PathOf(YamlValue value, string folder) => Path.GetFullPath(value.AsText(4096), folder);
}
