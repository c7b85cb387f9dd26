using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Stages;

/// <summary>The rules of docs/spec/prepare-stage.md that tie a manifest's stages to the rest of it.</summary>
internal static class StageRules
{
    public const int MaxStages = Quote.MaxStages;
    public const int MaxMeasurements = 64;
    public const int MaxInputs = 1024;
    public const int MaxOutputs = 64;
    public const int MaxRoots = 16;

    public static void Check(ManifestContent manifest)
    {
        Require(manifest.Stages.Length <= MaxStages, $"has more than {MaxStages} stages");
        Require(IsAscending(manifest.Stages.Select(stage => stage.Name)), "has stages that are not ordered by name, or one twice");
        foreach (ManifestStage stage in manifest.Stages)
        {
            Require(manifest.Parties.All(party => party.Name != stage.Name), $"gives stage {stage.Name} the name of a party");
            Require(stage.Measurements.Length > 0, $"accepts no measurement at all for stage {stage.Name}");
            CheckInputs(manifest, stage);
            CheckOutputs(manifest, stage);
            CheckDevices(stage);
        }

        Require(
            manifest.Stages.SelectMany(stage => stage.Inputs.Select(input => (stage.Name, input.Digest))).GroupBy(input => input).All(same => same.Count() == 1),
            "has a stage that reads the same file twice");
    }

    private static void CheckInputs(ManifestContent manifest, ManifestStage stage)
    {
        Require(stage.Inputs.Length > 0 && IsAscending(stage.Inputs.Select(input => input.Name)), $"has stage {stage.Name} without inputs, or not ordered ones");
        foreach (StageInput input in stage.Inputs)
        {
            Require(
                manifest.Parties.Any(party => party.Name == input.Owner && party.Roles.HasFlag(PartyRoles.Data)),
                $"has input {input.Name} of a party that it does not name, or without the role for it");
            Require(input.Frames == (input.Bytes / input.FrameSize) + 1, $"has input {input.Name} whose frames and bytes disagree");
        }
    }

    private static void CheckOutputs(ManifestContent manifest, ManifestStage stage)
    {
        Require(stage.Outputs.Length > 0 && IsAscending(stage.Outputs.Select(output => output.Name)), $"has stage {stage.Name} without outputs, or not ordered ones");
        Require(
            stage.Outputs.Select(output => output.Stream).Order().SequenceEqual(manifest.Streams.Where(stream => stream.Owner == stage.Name).Select(stream => stream.Id)),
            $"has stage {stage.Name} whose outputs are not exactly the streams that it owns");
    }

    private static void CheckDevices(ManifestStage stage)
    {
        Require(stage.Devices.Roots.Length > 0, $"lets stage {stage.Name} trust no device at all");
        TrustAnchors anchors = TrustAnchors.None;
        foreach (ReadOnlyMemory<byte> root in stage.Devices.Roots)
        {
            anchors = anchors.With(root);
        }
    }

    private static bool IsAscending(IEnumerable<string> names) => names.Zip(names.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(ContractErrors.ManifestInvalid, $"The manifest {otherwise}.");
        }
    }
}
