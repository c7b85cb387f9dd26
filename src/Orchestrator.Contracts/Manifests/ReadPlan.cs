using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;

namespace Orchestrator.Contracts.Manifests;

/// <summary>A kind of pass over the data.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Times">How often at most: early stopping makes it fewer.</param>
/// <param name="Records">Records of one pass.</param>
/// <param name="Batches">Batches of one pass; for training, optimiser steps.</param>
/// <param name="Frames">Frames of one pass.</param>
public sealed record PlannedPass(PassKind Kind, int Times, long Records, long Batches, long Frames);

/// <summary>How a job reads its data: how much, how often, by which rule. The rule gives the order of every record (docs/spec/records.md).</summary>
public sealed class ReadPlan
{
    private readonly TrainingPlan _plan;

    private ReadPlan(TrainingPlan plan, ImmutableArray<PlannedPass> passes)
    {
        _plan = plan;
        Passes = passes;
    }

    /// <summary>The kinds of pass, in the order in which each first happens.</summary>
    public ImmutableArray<PlannedPass> Passes { get; }

    /// <summary>The plan of a job that obeys the manifest's rules.</summary>
    public static ReadPlan Of(ManifestContent manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        TrainingPlan plan = manifest.Plan;
        PlannedPass train = Pass(PassKind.Train, plan.Epochs, manifest, StreamRole.Train);
        PlannedPass evaluate = Pass(PassKind.Evaluate, plan.Epochs, manifest, StreamRole.Evaluate);
        PlannedPass?[] passes = [plan.Standardize ? train with { Kind = PassKind.Standardize, Times = 1 } : null, train, evaluate.Records > 0 ? evaluate : null];
        return new ReadPlan(plan, [.. passes.OfType<PlannedPass>()]);
    }

    /// <summary>As the manifest holds it.</summary>
    internal CborMap ToCbor() => CborMap.Of(
        ("rule", _plan.Interleaving.ToCbor()),
        ("seed", _plan.Seed),
        ("passes", new CborArray(Passes.Select(pass => CborMap.Of(
            ("for", pass.Kind.ToString().ToLowerInvariant()),
            ("times", pass.Times),
            ("records", pass.Records),
            ("batches", pass.Batches),
            ("frames", pass.Frames))))));

    private static PlannedPass Pass(PassKind kind, int times, ManifestContent manifest, StreamRole role)
    {
        ManifestStream[] streams = [.. manifest.Streams.Where(stream => stream.Role == role)];
        long records = streams.Sum(stream => stream.Records);

        // A frame without records ends a stream, and no pass asks for it.
        long frames = streams.Sum(stream => new StreamShape(stream.Records, stream.FrameSize / stream.RecordSize).Frames);
        return new PlannedPass(kind, times, records, (records + manifest.Plan.BatchSize - 1) / manifest.Plan.BatchSize, frames);
    }
}
