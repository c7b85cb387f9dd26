using System.Numerics;
using System.Runtime.InteropServices;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Training.Batches;

/// <summary>
/// Shift and scale of every feature: <c>(x - mean) / deviation</c> in 32-bit arithmetic. The deviation is the population's;
/// a feature that never changes has 1 instead of 0.
/// </summary>
public sealed class Standardization
{
    internal Standardization(float[] mean, float[] deviation)
    {
        Mean = mean;
        Deviation = deviation;
    }

    /// <summary>One mean a feature element.</summary>
    public IReadOnlyList<float> Mean { get; }

    /// <summary>One deviation a feature element, greater than 0.</summary>
    public IReadOnlyList<float> Deviation { get; }

    /// <summary>Computes it over one pass, in the pass's order: the same records in the same order give the same bits.</summary>
    internal static async Task<Standardization> ComputeAsync(
        JobSchedule schedule, DataSchema schema, IFrameReader frames, CancellationToken cancellation)
    {
        var reader = new BatchReader(schedule.Standardize, schema, new PassFrames(schedule, PassKind.Standardize, frames));
        var moments = new Moments(schema.FeatureCount);
        await foreach (var batch in reader.ReadAsync(0, schedule.Plan.BatchSize, cancellation).ConfigureAwait(false))
        {
            moments.Add(MemoryMarshal.Cast<byte, float>(batch.Features.AsSpan(0, batch.Count * schema.FeatureBytes)));
        }

        return moments.ToStandardization();
    }

    /// <summary>The standardisation that a model's file holds, or null.</summary>
    /// <exception cref="OrchestratorException"><c>training-model-mismatch</c>.</exception>
    internal static Standardization? In(IReadOnlyList<SafeTensor> model, DataSchema schema)
    {
        var mean = model.FirstOrDefault(tensor => tensor.Name == TrainedModel.MeanName);
        var deviation = model.FirstOrDefault(tensor => tensor.Name == TrainedModel.DeviationName);
        return mean is null && deviation is null
            ? null
            : new Standardization(Vector(mean, schema), Vector(deviation, schema));
    }

    private static float[] Vector(SafeTensor? tensor, DataSchema schema) =>
        tensor is { Type: SafeTensorType.F32 } && tensor.Data.Length == schema.FeatureBytes
            ? MemoryMarshal.Cast<byte, float>(tensor.Data.Span).ToArray()
            : throw new OrchestratorException(TrainingErrors.ModelMismatch, "the model's standardisation is not for these features");

    /// <summary>Applies it to whole records, in place.</summary>
    internal void Apply(Span<float> records)
    {
        var mean = (float[])Mean;
        var deviation = (float[])Deviation;
        for (var start = 0; start < records.Length; start += mean.Length)
        {
            Apply(records.Slice(start, mean.Length), mean, deviation);
        }
    }

    private static void Apply(Span<float> record, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        var vectors = record.Length - (record.Length % Vector<float>.Count);
        for (var i = 0; i < vectors; i += Vector<float>.Count)
        {
            var value = (new Vector<float>(record[i..]) - new Vector<float>(mean[i..])) / new Vector<float>(deviation[i..]);
            value.CopyTo(record[i..]);
        }

        for (var i = vectors; i < record.Length; i++)
        {
            record[i] = (record[i] - mean[i]) / deviation[i];
        }
    }

    /// <summary>Running means and sums of squared deviations (Welford 1962), in 64-bit arithmetic.</summary>
    private sealed class Moments(int features)
    {
        private readonly double[] _mean = new double[features];
        private readonly double[] _squares = new double[features];
        private long _count;

        public void Add(ReadOnlySpan<float> records)
        {
            for (var start = 0; start < records.Length; start += features)
            {
                _count++;
                for (var i = 0; i < features; i++)
                {
                    double value = records[start + i];
                    var distance = value - _mean[i];
                    _mean[i] += distance / _count;
                    _squares[i] += distance * (value - _mean[i]);
                }
            }
        }

        public Standardization ToStandardization()
        {
            var deviation = Array.ConvertAll(_squares, squares => (float)Math.Sqrt(squares / _count));
            return new Standardization(
                Array.ConvertAll(_mean, mean => (float)mean),
                Array.ConvertAll(deviation, value => value > 0 ? value : 1));
        }
    }
}
