using System.Collections.Immutable;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Manifests;

/// <summary>The rules of docs/spec/manifest.md that tie fields together; the codec has checked each field alone.</summary>
internal static class ManifestRules
{
    public const int KeySlots = 16;
    public const int MaxParties = 1024;
    public const int MaxStreams = 4096;
    public const int MaxOutputs = 64;
    public const long MaxFrames = 1L << 32;

    public static void Check(ManifestContent manifest)
    {
        CheckParties(manifest.Parties);
        CheckStreams(manifest);
        CheckOutputs(manifest);
        StageRules.Check(manifest);
        Require(manifest.Device.Firmware.Length > 0, "accepts no firmware at all");
        Require(
            manifest.Metrics.Names.IsEmpty != manifest.Outputs.Any(output => output.Kind == OutputKind.Metrics),
            "names metrics that no output carries, or has an output for metrics but names none");
        Require(manifest.Metrics.Names.Distinct().Count() == manifest.Metrics.Names.Length, "names a metric twice");
        manifest.Plan.CheckStreams([.. manifest.Streams.Where(stream => stream.Role is not null).Select(stream => (stream.Role!.Value, stream.Schema!))]);
    }

    private static void CheckParties(ImmutableArray<ManifestParty> parties)
    {
        Require(parties.Length > 0, "has no party");
        Require(IsAscending(parties.Select(party => party.Name)), "has parties that are not ordered by name, or one twice");
        Require(
            parties.Select(party => party.SigningKey).Distinct().Count() == parties.Length,
            "gives two parties the same signing key");
    }

    private static void CheckStreams(ManifestContent manifest)
    {
        ImmutableArray<ManifestStream> streams = manifest.Streams;
        Require(streams.Select(stream => stream.Id).SequenceEqual(Enumerable.Range(1, streams.Length)), "has streams that are not numbered from 1");
        Require(streams.Count(stream => stream.Role is null) == 1, "needs exactly one program stream");
        Digest[] known = [.. streams.Where(stream => !stream.IsPrepared).Select(stream => stream.Digest)];
        Require(known.Distinct().Count() == known.Length, "reads the same stream twice");

        // Each is at most 2^32, and there are at most 2^12, so that the sum cannot overflow.
        Require(streams.Sum(stream => stream.Frames) <= MaxFrames, $"has more than {MaxFrames} frames");
        foreach (ManifestStream stream in streams)
        {
            CheckStream(manifest, stream);
        }
    }

    private static void CheckStream(ManifestContent manifest, ManifestStream stream)
    {
        string which = $"stream {stream.Id}";
        bool isProgram = stream.Role is null;
        if (stream.IsPrepared)
        {
            Require(!isProgram && manifest.Stages.Any(stage => stage.Name == stream.Owner), $"has {which} without a digest, which no stage makes");
        }
        else
        {
            ManifestParty? owner = manifest.Parties.FirstOrDefault(party => party.Name == stream.Owner);
            Require(owner is not null, $"has {which} of a party that it does not name");
            Require(owner!.Roles.HasFlag(isProgram ? PartyRoles.Program : PartyRoles.Data), $"has {which} of a party without the role for it");
        }

        Require(isProgram == (stream.Schema is null), $"has {which} with a schema where none belongs, or without one");
        Require(stream.RecordSize == (stream.Schema?.RecordSize ?? 1), $"has {which} with another record size than its schema's");
        Require(stream.FrameSize % stream.RecordSize == 0, $"has {which} whose frames do not hold whole records");
        Require(stream.Records > 0, $"has {which} without records");

        // The last frame is shorter than the rest, maybe empty (docs/spec/sealed-stream.md).
        Int128 plaintext = (Int128)stream.Records * stream.RecordSize;
        Require(stream.Frames == (plaintext / stream.FrameSize) + 1, $"has {which} whose frames and records disagree");
    }

    private static void CheckOutputs(ManifestContent manifest)
    {
        Require(manifest.Outputs.Length > 0, "has no output");
        Require(IsAscending(manifest.Outputs.Select(output => output.Name)), "has outputs that are not ordered by name, or one twice");
        foreach (ManifestOutput output in manifest.Outputs)
        {
            Require(output.Receivers.Length > 0 && IsAscending(output.Receivers), $"has output {output.Name} without receivers, or not ordered ones");
            Require(
                output.Receivers.All(name => manifest.Parties.Any(party => party.Name == name && party.Roles.HasFlag(PartyRoles.Receiver))),
                $"gives output {output.Name} to somebody who is no receiver");
        }
    }

    private static bool IsAscending(IEnumerable<string> names) =>
        names.Zip(names.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(ContractErrors.ManifestInvalid, $"The manifest {otherwise}.");
        }
    }
}
