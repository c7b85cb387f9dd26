using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Plans;

/// <summary>Stop once the evaluation loss has not fallen by more than <see cref="MinDelta"/> for <see cref="Patience"/> epochs.</summary>
/// <param name="Patience">Epochs without improvement that are put up with, at least 1.</param>
/// <param name="MinDelta">Least fall of the evaluation loss that counts as an improvement, not negative.</param>
public sealed record EarlyStopping(int Patience, double MinDelta);

/// <summary>
/// Everything that decides how a program is trained, besides the program and the data. The same plan, program,
/// data and thread count give the same bits. Encoding and ranges: docs/spec/plan.md.
/// </summary>
public sealed record TrainingPlan
{
    /// <summary>What is made small.</summary>
    public required Loss Loss { get; init; }

    /// <summary>How parameters move.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>How the learning rate changes.</summary>
    public Schedule Schedule { get; init; } = new Schedule.Constant();

    /// <summary>Upper bound of the gradient's global L2 norm before each step; null leaves gradients alone.</summary>
    public double? GradientClipNorm { get; init; }

    /// <summary>Records in a batch; the last batch of an epoch may hold fewer.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Passes over all records.</summary>
    public required int Epochs { get; init; }

    /// <summary>Seeds the interleaving and libtorch's generator (dropout and the like); not negative.</summary>
    public required long Seed { get; init; }

    /// <summary>Threads of libtorch within one operation; part of the plan because sums depend on it.</summary>
    public required int Threads { get; init; }

    /// <summary>When to stop before all epochs are done; null never does. Needs an evaluation stream.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>
    /// Shift and scale every f32 feature to mean 0 and deviation 1, as computed over all training records of all streams.
    /// </summary>
    public bool Standardize { get; init; }

    /// <summary>In what order records are taken.</summary>
    public required Interleaving Interleaving { get; init; }

    /// <summary>The plan's full form.</summary>
    public CborValue ToCbor() => PlanCodec.Write(this);

    /// <summary>Reads the full form, as a manifest holds it: <see cref="ToCbor"/> of the result is the same value again.</summary>
    /// <exception cref="OrchestratorException">A <c>plan-*</c> or <c>cbor-*</c> code, naming the field.</exception>
    public static TrainingPlan FromCbor(CborField field) => PlanCodec.ReadCanonical(field);

    /// <summary>
    /// Reads what a person wrote, turned into CBOR: fields that have a default may be absent, and a real number may be
    /// written as an integer.
    /// </summary>
    /// <inheritdoc cref="FromCbor" path="/exception"/>
    public static TrainingPlan FromDocument(CborField field) => PlanCodec.Read(field);

    /// <summary>Checks every number's range, for a plan that was made in code.</summary>
    /// <inheritdoc cref="FromCbor" path="/exception"/>
    public void Validate() => FromCbor(ToCbor().As("plan"));

    /// <summary>Checks that the plan can be followed on these streams.</summary>
    /// <returns>The one schema that all streams have.</returns>
    /// <inheritdoc cref="FromCbor" path="/exception"/>
    public DataSchema CheckStreams(IReadOnlyList<(StreamRole Role, DataSchema Schema)> streams)
    {
        ArgumentNullException.ThrowIfNull(streams);
        Validate();
        if (streams.All(stream => stream.Role != StreamRole.Train))
        {
            throw new OrchestratorException(PlanErrors.NothingToTrain, "No stream has the role train.");
        }

        if (EarlyStopping is not null && streams.All(stream => stream.Role != StreamRole.Evaluate))
        {
            throw new OrchestratorException(PlanErrors.NothingToEvaluate, "plan.early_stopping needs a stream with the role evaluate.");
        }

        var schema = streams[0].Schema;
        for (var index = 1; index < streams.Count; index++)
        {
            if (!streams[index].Schema.Equals(schema))
            {
                throw new OrchestratorException(PlanErrors.SchemasDiffer, $"Of the data streams, number {index + 1} has another schema than number 1.");
            }
        }

        CheckSchema(schema);
        return schema;
    }

    private void CheckSchema(DataSchema schema)
    {
        var fits = Loss switch
        {
            Loss.MeanSquaredError => schema.Label is LabelSchema.Regression,
            Loss.BinaryCrossEntropyWithLogits => schema.Label is LabelSchema.Classes { Count: 2 },
            _ => schema.Label is LabelSchema.Classes or LabelSchema.PerPosition,
        };
        if (!fits)
        {
            throw new OrchestratorException(PlanErrors.LossLabel, $"The loss {Loss} does not fit the label {schema.Label}.");
        }

        if (Standardize && schema.FeatureType != ElementType.F32)
        {
            throw new OrchestratorException(PlanErrors.StandardizeType, $"plan.standardize is set, but the features are {schema.FeatureType}.");
        }
    }
}
