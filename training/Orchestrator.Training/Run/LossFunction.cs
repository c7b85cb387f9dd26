using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Orchestrator.Training.Run;

/// <summary>A plan's loss joined to a schema's labels: which outputs it takes, which targets it compares them with.</summary>
internal sealed class LossFunction
{
    private readonly Loss _loss;
    private readonly DataSchema _schema;

    /// <exception cref="OrchestratorException"><c>training-plan-mismatch</c>.</exception>
    public LossFunction(Loss loss, DataSchema schema)
    {
        _loss = loss;
        _schema = schema;
        Classes = (loss, schema.Label) switch
        {
            (Loss.CrossEntropy or Loss.NegativeLogLikelihood, LabelSchema.Classes label) => label.Count,
            (Loss.CrossEntropy or Loss.NegativeLogLikelihood, LabelSchema.PerPosition label) => label.Count,
            (Loss.BinaryCrossEntropyWithLogits, LabelSchema.Classes { Count: 2 }) => 2,
            (Loss.MeanSquaredError, LabelSchema.Regression) => 0,
            _ => throw new OrchestratorException(TrainingErrors.PlanMismatch, $"the loss {loss} cannot be computed on labels of kind {schema.Label.GetType().Name}"),
        };
    }

    /// <summary>Classes that labels count; 0 for real targets.</summary>
    public int Classes { get; }

    /// <summary>Whether outputs have one value for every class, of which the largest is the prediction.</summary>
    public bool IsCategorical => _loss is Loss.CrossEntropy or Loss.NegativeLogLikelihood;

    /// <summary>Type of targets.</summary>
    public torch.ScalarType TargetType => IsCategorical ? torch.ScalarType.Int64 : torch.ScalarType.Float32;

    /// <summary>Whether the loss takes outputs of a shape, batch dimension left out.</summary>
    public bool Accepts(long[] output) =>
        OutputShapes.Any(shape => shape.SequenceEqual(output));

    /// <summary>The shapes that the loss takes, in words.</summary>
    public string Expected => string.Join(" or ", OutputShapes.Select(Text));

    private IEnumerable<long[]> OutputShapes => (_loss, _schema.Label) switch
    {
        (Loss.BinaryCrossEntropyWithLogits, _) => [[], [1]],
        (Loss.MeanSquaredError, LabelSchema.Regression { Outputs: 1 }) => [[], [1]],
        (Loss.MeanSquaredError, LabelSchema.Regression label) => [[label.Outputs]],
        (_, LabelSchema.PerPosition label) => [[.. _schema.Shape.Select(extent => (long)extent), label.Count]],
        _ => [[Classes]],
    };

    /// <summary>A shape with its batch dimension, in words.</summary>
    public static string Text(IEnumerable<long> shape) => $"[N{string.Concat(shape.Select(extent => $", {extent}"))}]";

    /// <summary>Shape of the targets that belong to outputs of a shape.</summary>
    public long[] TargetShape(long[] output) => IsCategorical ? [output.Take(output.Length - 1).Aggregate(1L, (product, extent) => product * extent)] : output;

    /// <summary>The mean over all records and positions of a batch.</summary>
    public torch.Tensor Mean(torch.Tensor output, torch.Tensor target) => _loss switch
    {
        Loss.CrossEntropy => functional.cross_entropy(ByPosition(output), target),
        Loss.NegativeLogLikelihood => functional.nll_loss(ByPosition(output), target),
        Loss.BinaryCrossEntropyWithLogits => functional.binary_cross_entropy_with_logits(output, target),
        Loss.MeanSquaredError => functional.mse_loss(output, target),
        _ => throw new InvalidOperationException("unknown loss"),
    };

    private torch.Tensor ByPosition(torch.Tensor output) =>
        _schema.Label is LabelSchema.PerPosition ? output.reshape(-1, Classes) : output;
}
