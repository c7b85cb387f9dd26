using System.Runtime.InteropServices;
using Orchestrator.Data.Plans;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Run;

namespace Orchestrator.Training.State;

/// <summary>
/// Everything that the rest of a training follows from, after an epoch. As bytes a safetensors file, in the one form that
/// docs/spec/training-state.md says. Where in the data it stands follows from the number of epochs.
/// </summary>
public sealed class TrainingState
{
    internal const string JobName = "job";
    internal const string GeneratorName = "generator";
    internal const string EpochPrefix = "epochs/";
    internal const string ModelPrefix = "model/";
    internal const string OptimizerPrefix = "optimizer/";

    private readonly byte[] _bytes;

    private TrainingState(byte[] bytes, IReadOnlyList<SafeTensor> tensors)
    {
        _bytes = bytes;
        Tensors = tensors.ToDictionary(tensor => tensor.Name);
        Job = Vector(JobName, SafeTensorType.U8);
        Generator = Vector(GeneratorName, SafeTensorType.U8);
        History = ReadHistory();
        Model = Section(ModelPrefix);
        Optimizer = Section(OptimizerPrefix);
        RequireKnownNames();
    }

    /// <summary>Epochs that are in it, at least 1.</summary>
    public int Epochs => History.Count;

    /// <summary>Digest of the job: see <see cref="TrainingJob"/>.</summary>
    internal ReadOnlyMemory<byte> Job { get; }

    /// <summary>libtorch's generator.</summary>
    internal ReadOnlyMemory<byte> Generator { get; }

    /// <summary>What every epoch came to; early stopping's memory follows from it.</summary>
    internal IReadOnlyList<EpochMetrics> History { get; }

    /// <summary>Parameters and buffers, by the program's names.</summary>
    internal IReadOnlyList<SafeTensor> Model { get; }

    /// <summary>What the optimiser remembers, by a parameter's name, a slash, and the name of the memory.</summary>
    internal IReadOnlyList<SafeTensor> Optimizer { get; }

    /// <summary>All tensors, the standardisation's among them, by name.</summary>
    internal IReadOnlyDictionary<string, SafeTensor> Tensors { get; }

    /// <summary>Its encoding.</summary>
    public ReadOnlyMemory<byte> ToBytes() => _bytes;

    /// <summary>Reads an encoding. Whether it goes on a certain job is for <see cref="Trainer"/> to say.</summary>
    /// <param name="encoding">What <see cref="ToBytes"/> gave; copied.</param>
    /// <exception cref="OrchestratorException"><c>training-state-malformed</c>.</exception>
    public static TrainingState Parse(ReadOnlyMemory<byte> encoding)
    {
        var bytes = encoding.ToArray();
        IReadOnlyList<SafeTensor> tensors;
        try
        {
            tensors = SafeTensorFile.Read(bytes);
        }
        catch (OrchestratorException error)
        {
            throw new OrchestratorException(TrainingErrors.StateMalformed, $"The training state cannot be read: {error.Message}", inner: error);
        }

        var state = new TrainingState(bytes, tensors);
        return Encode(tensors).AsSpan().SequenceEqual(bytes) ? state : throw Malformed("is not in its one form");
    }

    /// <summary>Puts a state together.</summary>
    internal static TrainingState Of(
        ReadOnlyMemory<byte> job,
        IReadOnlyList<EpochMetrics> history,
        ReadOnlyMemory<byte> generator,
        IEnumerable<SafeTensor> standardization,
        IEnumerable<SafeTensor> model,
        IEnumerable<SafeTensor> optimizer)
    {
        SafeTensor[] tensors =
        [
            new(JobName, SafeTensorType.U8, [job.Length], job),
            new(GeneratorName, SafeTensorType.U8, [generator.Length], generator),
            .. history[0].ByName.Keys.Select(metric => Series(metric, history)),
            .. standardization,
            .. model.Select(tensor => tensor with { Name = ModelPrefix + tensor.Name }),
            .. optimizer.Select(tensor => tensor with { Name = OptimizerPrefix + tensor.Name }),
        ];
        return new TrainingState(Encode(tensors), tensors);
    }

    private static byte[] Encode(IEnumerable<SafeTensor> tensors)
    {
        using var file = new MemoryStream();
        SafeTensorFile.Write(file, tensors);
        return file.ToArray();
    }

    private static SafeTensor Series(string metric, IReadOnlyList<EpochMetrics> history)
    {
        var values = history.Select(epoch => epoch.ByName[metric]).ToArray();
        return new SafeTensor(EpochPrefix + metric, SafeTensorType.F64, [values.Length], MemoryMarshal.AsBytes<double>(values).ToArray());
    }

    private List<EpochMetrics> ReadHistory()
    {
        var rates = Series(MetricNames.LearningRate);
        var losses = Series(MetricNames.TrainLoss);
        var evaluated = Tensors.ContainsKey(EpochPrefix + MetricNames.EvaluationLoss);
        var evaluations = evaluated ? Series(MetricNames.EvaluationLoss) : [];
        var classes = Tensors.ContainsKey(EpochPrefix + MetricNames.Accuracy);
        var measures = evaluated ? Series(classes ? MetricNames.Accuracy : MetricNames.MeanAbsoluteError) : [];
        if (rates.Length == 0 || losses.Length != rates.Length || (evaluated && (evaluations.Length != rates.Length || measures.Length != rates.Length)))
        {
            throw Malformed("has metrics of different numbers of epochs, or of none");
        }

        return [.. Enumerable.Range(0, rates.Length).Select(epoch => new EpochMetrics(epoch, rates[epoch], losses[epoch], EvaluationOf(epoch)))];

        EvaluationMetrics? EvaluationOf(int epoch) => !evaluated ? null
            : classes ? new EvaluationMetrics(evaluations[epoch], measures[epoch], null)
            : new EvaluationMetrics(evaluations[epoch], null, measures[epoch]);
    }

    private double[] Series(string metric)
    {
        var values = MemoryMarshal.Cast<byte, double>(Vector(EpochPrefix + metric, SafeTensorType.F64).Span).ToArray();
        return Array.TrueForAll(values, double.IsFinite) ? values : throw Malformed($"has a {metric} that is no number");
    }

    private ReadOnlyMemory<byte> Vector(string name, SafeTensorType type) =>
        Tensors.TryGetValue(name, out var tensor) && tensor.Type == type && tensor.Shape.Count == 1
            ? tensor.Data
            : throw Malformed($"has no vector of {type} named {name}");

    private IReadOnlyList<SafeTensor> Section(string prefix) =>
    [
        .. Tensors.Values.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] }),
    ];

    private void RequireKnownNames()
    {
        HashSet<string> known = [JobName, GeneratorName, TrainedModel.MeanName, TrainedModel.DeviationName, .. History[0].ByName.Keys.Select(metric => EpochPrefix + metric)];
        var unknown = Tensors.Keys.FirstOrDefault(name => !known.Contains(name)
            && !name.StartsWith(ModelPrefix, StringComparison.Ordinal) && !name.StartsWith(OptimizerPrefix, StringComparison.Ordinal));
        if (unknown is not null)
        {
            throw Malformed("has a tensor that no state has");
        }
    }

    private static OrchestratorException Malformed(string finding) => new(TrainingErrors.StateMalformed, $"The training state {finding}.");
}
