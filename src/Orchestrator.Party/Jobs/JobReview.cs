using System.Globalization;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Sdk;

/// <summary>Says in words what a party agrees to when it approves a manifest.</summary>
public static class JobReview
{
    /// <summary>The whole manifest, from the point of view of <paramref name="party"/>.</summary>
    public static string Describe(Manifest manifest, string party)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ManifestContent job = manifest.Content;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Job \"{job.Name}\", serial {job.Serial}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  {manifest.Digest}");
        Section(text, $"You are {party}", manifest.FindParty(party) is { } me ? [Words(me.Roles)] : ["The job does not name you."]);
        Section(text, "You give", manifest.StreamsOf(party).Select(Describe).Concat(StageReview.Inputs(job, party)).DefaultIfEmpty("Nothing: your release only consents."));
        IEnumerable<string> others = job.Streams.Where(stream => !stream.IsPrepared && stream.Owner != party).Select(stream => $"{stream.Owner}: {Describe(stream)}");
        Section(text, "Others give", others.Concat(StageReview.InputsOfOthers(job, party)).DefaultIfEmpty("Nothing."));
        if (!job.Stages.IsEmpty)
        {
            Section(text, "What is prepared before", StageReview.Describe(manifest));
        }

        Section(text, "What is trained", [$"the program of {manifest.ProgramStream.Owner}, archive {job.ProgramDigest}"]);
        Section(text, "How", PlanReview.Describe(job.Plan));
        Section(text, "What is read", Reads(job));
        Section(text, "What leaves", Leaving(job));
        Section(text, "Where", [.. Where(job.Device), Memory(job)]);
        Section(text, "If it is interrupted", [Checkpoints(job), Withdrawal(job)]);
        Section(text, "Who must approve; compare each line with what that party itself gave you", job.Parties.Select(Identity));
        return text.ToString();
    }

    /// <summary>A stream in words.</summary>
    internal static string Describe(ManifestStream stream) => stream.IsPrepared
        ? $"stream {stream.Id}, to {(stream.Role == StreamRole.Train ? "train" : "evaluate")}: at most {stream.Records} records of {Features(stream.Schema!)}, which the group makes and nobody else can read"
        : stream.Schema is { } schema
        ? $"stream {stream.Id}, to {(stream.Role == StreamRole.Train ? "train" : "evaluate")}: {stream.Records} records of {Features(schema)}, in {Wording.Count(stream.Frames, "frame")}, digest {stream.Digest}"
        : $"stream {stream.Id}, the program: {stream.Records} bytes, digest {stream.Digest}";

    /// <summary>Tile memory in words.</summary>
    internal static string Memory(ManifestContent job) => string.Create(
        CultureInfo.InvariantCulture,
        $"in {MemoryPlan.Of(job).Total} bytes of tile memory, to which the device holds the program: {job.Memory.Parameters} for parameters and {job.Memory.Workspace} for activations and temporaries");

    /// <summary>The passes over the data, a line a kind.</summary>
    internal static IEnumerable<string> Reads(ManifestContent job) => ReadPlan.Of(job).Passes.Select(pass => string.Create(
        CultureInfo.InvariantCulture,
        $"to {pass.Kind.ToString().ToLowerInvariant()}, {(pass.Times == 1 ? "once" : $"{pass.Times} times at most")}: {Wording.Count(pass.Records, "record")} in {Wording.Count(pass.Frames, "frame")}"));

    /// <summary>What leaves the device, a line an output.</summary>
    internal static IEnumerable<string> Leaving(ManifestContent job)
    {
        foreach (ManifestOutput output in job.Outputs)
        {
            yield return $"{output.Kind.ToString().ToLowerInvariant()} \"{output.Name}\", readable by {string.Join(", ", output.Receivers)} and nobody else";
        }

        yield return job.Metrics.Names.IsEmpty
            ? "no metrics"
            : string.Create(CultureInfo.InvariantCulture, $"metrics {string.Join(", ", job.Metrics.Names)}, every {Wording.Count(job.Metrics.EveryEpochs, "epoch")}, {job.Metrics.Digits} significant digits");
    }

    /// <summary>The device requirements in words.</summary>
    internal static IEnumerable<string> Where(DeviceRequirements device)
    {
        yield return $"on a device of security version {device.MinimumSecurityVersion} or later, with this firmware:";
        foreach (FirmwareMeasurements firmware in device.Firmware)
        {
            yield return $"ccu {firmware.Ccu.ToString()[..16]}…, icu {firmware.Icu.ToString()[..16]}…, tiles {firmware.Tiles.ToString()[..16]}…";
        }
    }

    /// <summary>A number with its noun.</summary>

    private static string Checkpoints(ManifestContent job) => job.CheckpointEveryEpochs == 0
        ? "no checkpoints are written"
        : $"a checkpoint every {Wording.Count(job.CheckpointEveryEpochs, "epoch")}, which only all parties together can open";

    private static string Withdrawal(ManifestContent job) => job.Withdrawal == WithdrawalRule.Stop
        ? "a withdrawal ends the run at once, and nothing is delivered"
        : "a withdrawal lets the epoch finish, and its model is delivered";

    private static string Features(DataSchema schema) =>
        $"{string.Join("x", schema.Shape)} features ({schema.FeatureType.ToString().ToLowerInvariant()})";

    // A name stands for the keys that the manifest gives it, and nothing but the keys says who somebody is.
    private static string Identity(ManifestParty party) => new PartyIdentity(party.Name, party.SigningKey, party.SealingKey).ToString();

    private static string Words(PartyRoles roles) => roles == PartyRoles.None ? "without a role but consent" : roles.ToString().ToLowerInvariant();

    private static void Section(StringBuilder text, string title, IEnumerable<string> lines)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"{title}:");
        foreach (string line in lines)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {line}");
        }
    }
}
