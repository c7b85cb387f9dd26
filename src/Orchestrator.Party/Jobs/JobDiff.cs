using System.Globalization;
using System.Text;
using Orchestrator.Contracts.Manifests;

namespace Orchestrator.Sdk;

/// <summary>One difference between two manifests.</summary>
/// <param name="What">What differs, e.g. <c>stream 2</c>.</param>
/// <param name="Before">How it was; null: it was not there.</param>
/// <param name="After">How it is; null: it is gone.</param>
/// <param name="Affects">The parties whose interests it touches.</param>
public sealed record JobChange(string What, string? Before, string? After, IReadOnlyList<string> Affects);

/// <summary>
/// What a new version of a job changes, and what follows from it: who must sign again, which stream keys are of use no more,
/// and that earlier checkpoints are lost, because every party's share of their key is bound to the manifest.
/// </summary>
public sealed class JobDiff
{
    private JobDiff(Manifest before, Manifest after)
    {
        Changes = [.. Compare(before, after).Where(change => change.Before != change.After)];
        MustApprove = before.Digest == after.Digest ? [] : [.. after.Content.Parties.Select(party => party.Name)];
        Affected = [.. Changes.SelectMany(change => change.Affects).Distinct().Order(StringComparer.Ordinal)];
        KeysOfNoUse = [.. before.Content.Streams.Where(stream => !stream.IsPrepared && after.Content.Streams.All(other => other.Digest != stream.Digest))];
        CheckpointsLost = before.Digest != after.Digest && before.Content.CheckpointEveryEpochs > 0;
    }

    /// <summary>The differences, in the manifest's order.</summary>
    public IReadOnlyList<JobChange> Changes { get; }

    /// <summary>Parties that have to approve the new version: all that it names, because an approval signs the whole manifest's digest.</summary>
    public IReadOnlyList<string> MustApprove { get; }

    /// <summary>Parties that a change touches, and that should read it with care.</summary>
    public IReadOnlyList<string> Affected { get; }

    /// <summary>Streams of the earlier version that the new one does not read: their keys will not be asked for.</summary>
    public IReadOnlyList<ManifestStream> KeysOfNoUse { get; }

    /// <summary>Whether checkpoints of the earlier version can no longer be opened for this job.</summary>
    public bool CheckpointsLost { get; }

    /// <summary>Compares two versions of a job.</summary>
    public static JobDiff Between(Manifest before, Manifest after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return new JobDiff(before, after);
    }

    /// <summary>The differences and what follows from them, in words.</summary>
    public override string ToString()
    {
        if (Changes.Count == 0)
        {
            return MustApprove.Count == 0 ? "The same job: nothing has changed.\n" : "Nothing but the order or encoding has changed; all must approve again.\n";
        }

        var text = new StringBuilder();
        foreach (JobChange change in Changes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"~ {change.What}  (touches {string.Join(", ", change.Affects)})");
            text.AppendLine(CultureInfo.InvariantCulture, $"    - {change.Before ?? "absent"}");
            text.AppendLine(CultureInfo.InvariantCulture, $"    + {change.After ?? "absent"}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"Must approve the new version: {string.Join(", ", MustApprove)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"Touched by a change: {string.Join(", ", Affected)}");
        foreach (ManifestStream stream in KeysOfNoUse)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"No longer read: {stream.Owner}'s stream {stream.Digest}; its key will not be asked for");
        }

        text.AppendLine(CheckpointsLost ? "Checkpoints of the earlier version cannot be opened any more: training starts anew" : "No checkpoints are lost");
        return text.ToString();
    }

    private static IEnumerable<JobChange> Compare(Manifest before, Manifest after)
    {
        ManifestContent old = before.Content;
        ManifestContent now = after.Content;
        string[] all = [.. old.Parties.Concat(now.Parties).Select(party => party.Name).Distinct().Order(StringComparer.Ordinal)];
        yield return new JobChange("name", old.Name, now.Name, all);
        yield return new JobChange("serial", $"{old.Serial}", $"{now.Serial}", all);
        foreach (string name in all)
        {
            yield return new JobChange($"party {name}", Describe(before.FindParty(name)), Describe(after.FindParty(name)), all);
        }

        yield return new JobChange("program", $"{old.ProgramDigest}", $"{now.ProgramDigest}", all);
        foreach (int id in old.Streams.Concat(now.Streams).Select(stream => stream.Id).Distinct().Order())
        {
            ManifestStream? was = old.Streams.FirstOrDefault(stream => stream.Id == id);
            ManifestStream? isNow = now.Streams.FirstOrDefault(stream => stream.Id == id);
            yield return new JobChange($"stream {id}", Describe(was), Describe(isNow), [.. new[] { was?.Owner, isNow?.Owner }.OfType<string>().Distinct()]);
        }

        foreach (string stage in old.Stages.Concat(now.Stages).Select(stage => stage.Name).Distinct().Order(StringComparer.Ordinal))
        {
            yield return new JobChange($"stage {stage}", Stage(before, stage), Stage(after, stage), all);
        }

        // Everyone's data is in the model, so everyone is concerned by how it is trained and by what leaves.
        yield return new JobChange("plan", Lines(PlanReview.Describe(old.Plan)), Lines(PlanReview.Describe(now.Plan)), all);
        yield return new JobChange("what leaves", Lines(JobReview.Leaving(old)), Lines(JobReview.Leaving(now)), all);

        // What follows from these, as the passes over the data and the memory plan, changes with them and is not listed again.
        yield return new JobChange("memory", Reserved(old.Memory), Reserved(now.Memory), all);
        yield return new JobChange("device", Device(old.Device), Device(now.Device), all);
        yield return new JobChange("checkpoints", $"every {old.CheckpointEveryEpochs} epochs", $"every {now.CheckpointEveryEpochs} epochs", all);
        yield return new JobChange("withdrawal", $"{old.Withdrawal}", $"{now.Withdrawal}", all);
    }

    private static string? Describe(ManifestParty? party) =>
        party is null ? null : $"{party.Roles.ToString().ToLowerInvariant()}, signing key {party.SigningKey}, sealing key {party.SealingKey}";

    private static string? Describe(ManifestStream? stream) => stream is null ? null : $"{stream.Owner}: {JobReview.Describe(stream)}";

    private static string? Stage(Manifest manifest, string name) =>
        manifest.FindStage(name) is { } stage ? $"policy {stage.Policy}; {string.Join("; ", stage.Inputs)}; measured {string.Join(" or ", stage.Measurements)}; devices {string.Join(", ", stage.Devices.Roots.Select(root => Crypto.Digest.Of(root.Span)))}, tolerating {stage.Devices.Allow}" : null;

    private static string Device(DeviceRequirements device) => $"security version {device.MinimumSecurityVersion}; {string.Join("; or ", device.Firmware)}";

    private static string Reserved(MemoryReservation memory) => $"{memory.Parameters} bytes for parameters, {memory.Workspace} for activations and temporaries";

    private static string Lines(IEnumerable<string> lines) => string.Join("; ", lines);
}
