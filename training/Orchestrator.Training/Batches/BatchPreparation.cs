using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Training.Run;

namespace Orchestrator.Training.Batches;

/// <summary>Turns a batch of records into what tensors take.</summary>
internal sealed class BatchPreparation(DataSchema schema, LossFunction loss, Standardization? standardization)
{
    /// <summary>Bytes of one record's features.</summary>
    public int FeatureBytes => schema.FeatureBytes;

    /// <summary>Bytes of one record's target.</summary>
    public int TargetBytes => schema.LabelCount * (loss.IsCategorical ? sizeof(long) : sizeof(float));

    /// <summary>An empty batch of a size.</summary>
    public PreparedBatch NewBatch(int records) => new(records * FeatureBytes, records * TargetBytes);

    /// <summary>Fills <paramref name="prepared"/>.</summary>
    /// <exception cref="OrchestratorException"><c>training-label-range</c>.</exception>
    public void Prepare(RecordBatch batch, PreparedBatch prepared)
    {
        prepared.Count = batch.Count;
        var features = prepared.Features(FeatureBytes);
        batch.Features.AsSpan(0, features.Length).CopyTo(features);
        standardization?.Apply(MemoryMarshal.Cast<byte, float>(features));
        PrepareTargets(batch.Labels.AsSpan(0, batch.Count * schema.LabelBytes), prepared.Targets(TargetBytes));
    }

    private void PrepareTargets(ReadOnlySpan<byte> labels, Span<byte> targets)
    {
        if (schema.Label is LabelSchema.Regression)
        {
            labels.CopyTo(targets);
        }
        else if (loss.IsCategorical)
        {
            var indices = MemoryMarshal.Cast<byte, long>(targets);
            for (var i = 0; i < indices.Length; i++)
            {
                indices[i] = ClassIndex(labels, i);
            }
        }
        else
        {
            var probabilities = MemoryMarshal.Cast<byte, float>(targets);
            for (var i = 0; i < probabilities.Length; i++)
            {
                probabilities[i] = ClassIndex(labels, i);
            }
        }
    }

    private long ClassIndex(ReadOnlySpan<byte> labels, int place)
    {
        var index = schema.Label.Type == ElementType.U8
            ? labels[place]
            : BinaryPrimitives.ReadInt64LittleEndian(labels[(place * sizeof(long))..]);
        return index >= 0 && index < loss.Classes
            ? index
            : throw new OrchestratorException(TrainingErrors.LabelOutOfRange, $"a label is not below {loss.Classes}, the number of classes");
    }
}
