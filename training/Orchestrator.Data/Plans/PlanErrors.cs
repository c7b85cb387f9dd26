using Orchestrator.Errors;

namespace Orchestrator.Data.Plans;

/// <summary>Ways in which a training plan cannot be followed.</summary>
public static class PlanErrors
{
    /// <summary>A number outside its range.</summary>
    public static readonly ErrorCode OutOfRange = new(
        "plan-out-of-range", ErrorClass.Input,
        "A number in the training plan is outside its range.",
        "Choose a value in the range that docs/spec/plan.md gives.");

    /// <summary>A loss, optimiser, schedule or interleaving that does not exist.</summary>
    public static readonly ErrorCode UnknownName = new(
        "plan-unknown-name", ErrorClass.Input,
        "The training plan names a loss, optimiser, schedule or interleaving that does not exist.",
        "Choose one of the names that the message lists.");

    /// <summary>Bytes that leave out a field or spell a number in a second way.</summary>
    public static readonly ErrorCode NotCanonical = new(
        "plan-not-canonical", ErrorClass.Input,
        "The training plan is understood, but is not written in its one full form.",
        "Encode it again with this version: every field present, integers only where the format has integers.");

    /// <summary>Early stopping, but nothing to evaluate on.</summary>
    public static readonly ErrorCode NothingToEvaluate = new(
        "plan-nothing-to-evaluate", ErrorClass.Input,
        "The plan stops early on the evaluation loss, but no stream is for evaluation.",
        "Give one stream the role evaluate, or leave early stopping out.");

    /// <summary>No training stream, or none with a record.</summary>
    public static readonly ErrorCode NothingToTrain = new(
        "plan-nothing-to-train", ErrorClass.Input,
        "No training stream holds a record.",
        "Give at least one stream with records the role train.");

    /// <summary>More records, or frames to shuffle, than an order is computed for.</summary>
    public static readonly ErrorCode TooManyRecords = new(
        "plan-too-many-records", ErrorClass.Input,
        "The streams hold more records, or more frames to shuffle, than a job may have.",
        "Seal with larger frames, or split the job; docs/spec/records.md gives the limits.");

    /// <summary>Streams whose records differ in layout.</summary>
    public static readonly ErrorCode SchemasDiffer = new(
        "plan-schemas-differ", ErrorClass.Input,
        "The streams of one job do not have one schema.",
        "Seal all parties' data with the same schema: type, shape, label, column and class names.");

    /// <summary>A loss that cannot be computed from the schema's labels.</summary>
    public static readonly ErrorCode LossLabel = new(
        "plan-loss-label", ErrorClass.Input,
        "The loss does not fit the kind of label that the data has.",
        "Use cross_entropy or negative_log_likelihood for classes, binary_cross_entropy_with_logits for two classes, mean_squared_error for regression.");

    /// <summary>Standardisation of features that are not f32.</summary>
    public static readonly ErrorCode StandardizeType = new(
        "plan-standardize-type", ErrorClass.Input,
        "Only f32 features can be standardised.",
        "Set standardize to false, or seal the data with f32 features.");
}
