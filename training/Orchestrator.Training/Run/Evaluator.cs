using System.Runtime.InteropServices;
using Orchestrator.Training.Batches;

namespace Orchestrator.Training.Run;

/// <summary>Gathers what evaluation batches come to. Computed outside of libtorch, in record order.</summary>
internal sealed class Evaluator(LossFunction loss)
{
    private double _lossSum;
    private double _errorSum;
    private long _right;
    private long _values;
    private long _records;

    /// <summary>Takes one batch.</summary>
    /// <param name="records">Records in it.</param>
    /// <param name="meanLoss">Their mean loss.</param>
    /// <param name="outputs">What the program said, row-major.</param>
    /// <param name="targets">What was right.</param>
    public void Add(int records, double meanLoss, ReadOnlySpan<float> outputs, ReadOnlySpan<byte> targets)
    {
        _records += records;
        _lossSum += meanLoss * records;
        if (loss.IsCategorical)
        {
            CountLargest(outputs, MemoryMarshal.Cast<byte, long>(targets));
        }
        else
        {
            CompareEach(outputs, MemoryMarshal.Cast<byte, float>(targets));
        }
    }

    /// <summary>The whole pass.</summary>
    public EvaluationMetrics Result() => loss.Classes > 0
        ? new EvaluationMetrics(_lossSum / _records, (double)_right / _values, null)
        : new EvaluationMetrics(_lossSum / _records, null, _errorSum / _values);

    private void CountLargest(ReadOnlySpan<float> outputs, ReadOnlySpan<long> targets)
    {
        _values += targets.Length;
        for (var i = 0; i < targets.Length; i++)
        {
            if (IndexOfLargest(outputs.Slice(i * loss.Classes, loss.Classes)) == targets[i])
            {
                _right++;
            }
        }
    }

    private void CompareEach(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        _values += targets.Length;
        for (var i = 0; i < targets.Length; i++)
        {
            _errorSum += Math.Abs((double)outputs[i] - targets[i]);
            if (outputs[i] > 0 == targets[i] > 0.5f)
            {
                _right++;
            }
        }
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        var largest = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[largest])
            {
                largest = i;
            }
        }

        return largest;
    }
}
