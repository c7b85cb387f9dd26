using System.Runtime.InteropServices;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Run;

namespace Orchestrator.Training;

/// <summary>How long training took.</summary>
/// <param name="Total">From the first batch to the end of the last epoch, evaluation and waiting included.</param>
/// <param name="Waiting">Of that, how long there was no batch to compute on.</param>
public readonly record struct TrainingDuration(TimeSpan Total, TimeSpan Waiting);

/// <summary>What training gives.</summary>
/// <param name="State">Parameters, then buffers, in the program's order and under its names.</param>
/// <param name="Standardization">To be applied to features before the program sees them; null when the plan did not ask for it.</param>
/// <param name="Epochs">What every epoch came to.</param>
/// <param name="StoppedEarly">Whether early stopping ended training before the plan's last epoch.</param>
/// <param name="Duration">The only part that differs from run to run.</param>
public sealed record TrainedModel(
    IReadOnlyList<SafeTensor> State, Standardization? Standardization, IReadOnlyList<EpochMetrics> Epochs, bool StoppedEarly, TrainingDuration Duration)
{
    /// <summary>Name of the means in a model's file, one a feature element. No program can have a parameter of that name.</summary>
    public const string MeanName = "standardization/mean";

    /// <summary>Name of the deviations in a model's file.</summary>
    public const string DeviationName = "standardization/deviation";

    /// <summary>The model as a safetensors file: the state, and the standardisation if there is one.</summary>
    public byte[] ToSafeTensors()
    {
        var file = new MemoryStream();
        SafeTensorFile.Write(file, State.Concat(Tensors(Standardization)));
        return file.ToArray();
    }

    /// <summary>A standardisation as a file holds it; nothing if there is none.</summary>
    internal static IEnumerable<SafeTensor> Tensors(Standardization? standardization) => standardization is null
        ? []
        : [Vector(MeanName, standardization.Mean), Vector(DeviationName, standardization.Deviation)];

    private static SafeTensor Vector(string name, IReadOnlyList<float> values) =>
        new(name, SafeTensorType.F32, [values.Count], MemoryMarshal.AsBytes<float>(values.ToArray()).ToArray());
}
