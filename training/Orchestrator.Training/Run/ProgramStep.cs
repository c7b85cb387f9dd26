using System.Runtime.InteropServices;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.State;
using TorchSharp;
using TorchSharp.Modules;

namespace Orchestrator.Training.Run;

/// <summary>One program, its loss and its optimiser, one batch at a time. All tensors of a batch are freed with it.</summary>
internal sealed class ProgramStep : IDisposable
{
    // TorchScript measures on the first run, compiles on the second and runs what it compiled from the third on.
    private const int WarmUpRuns = 3;

    private readonly TrainingProgram _program;
    private readonly DataSchema _schema;
    private readonly LossFunction _loss;
    private readonly BatchPreparation _preparation;
    private readonly long[] _featureShape;
    private readonly long[] _targetShape;
    private readonly double? _clipNorm;
    private readonly OptimizerHelper _optimizer;

    public ProgramStep(
        TrainingProgram program, TrainingPlan plan, DataSchema schema, LossFunction loss, BatchPreparation preparation, long[] outputShape)
    {
        _program = program;
        _schema = schema;
        _loss = loss;
        _preparation = preparation;
        _featureShape = [.. schema.Shape.Select(extent => (long)extent)];
        _targetShape = outputShape;
        _clipNorm = plan.GradientClipNorm;
        _optimizer = OptimizerFactory.Create(plan.Optimizer, program.TrainedParameters);
        Memory = new OptimizerMemory(_optimizer, program.Trained);
    }

    /// <summary>What the optimiser remembers.</summary>
    public OptimizerMemory Memory { get; }

    /// <summary>
    /// Lets TorchScript compile the program for the sizes of batches that will come, on made-up records. Changes nothing that training
    /// depends on, except the generator, which is to be seeded afterwards. Every start and every resumption must do the same here: compiled
    /// and uncompiled runs can differ in the last bit, and a size that comes for the first time is compiled anew.
    /// </summary>
    /// <param name="training">Records of the batches to train on, each size once.</param>
    /// <param name="evaluation">Records of the batches to judge, each size once.</param>
    public void WarmUp(IEnumerable<int> training, IEnumerable<int> evaluation) => _program.KeepBuffers(() =>
    {
        _program.SetTraining(true);
        Repeat(training, records => Loss(ProgramProbe.Features(_schema, records), Targets(records)).Mean.backward());
        _optimizer.zero_grad();
        _program.SetTraining(false);
        using var noGrad = torch.no_grad();
        Repeat(evaluation, records => _program.Forward(ProgramProbe.Features(_schema, records)));
    });

    /// <summary>Moves the parameters once. A loss that is not finite leaves them as they are.</summary>
    /// <returns>The batch's mean loss before the step.</returns>
    public float Train(PreparedBatch batch, double learningRate)
    {
        using var scope = torch.NewDisposeScope();
        var mean = Loss(batch).Mean;
        var value = mean.item<float>();
        if (!float.IsFinite(value))
        {
            return value;
        }

        _optimizer.zero_grad();
        mean.backward();
        if (_clipNorm is { } norm)
        {
            torch.nn.utils.clip_grad_norm_(_program.TrainedParameters, norm);
        }

        SetLearningRate(learningRate);
        _optimizer.step();
        return value;
    }

    /// <summary>Judges a batch without learning from it.</summary>
    /// <returns>The batch's mean loss.</returns>
    public float Evaluate(PreparedBatch batch, Evaluator evaluator)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var (output, mean) = Loss(batch);
        var value = mean.item<float>();
        var outputs = MemoryMarshal.Cast<byte, float>(output.contiguous().bytes);
        evaluator.Add(batch.Count, value, outputs, batch.Targets(_preparation.TargetBytes));
        return value;
    }

    public void Dispose() => _optimizer.Dispose();

    private (torch.Tensor Output, torch.Tensor Mean) Loss(PreparedBatch batch)
    {
        var features = torch.empty((long[])[batch.Count, .. _featureShape], TensorTypes.Of(_schema.FeatureType));
        batch.Features(_preparation.FeatureBytes).CopyTo(features.bytes);
        var targets = Targets(batch.Count);
        batch.Targets(_preparation.TargetBytes).CopyTo(targets.bytes);
        return Loss(features, targets);
    }

    private (torch.Tensor Output, torch.Tensor Mean) Loss(torch.Tensor features, torch.Tensor targets)
    {
        var output = _program.Forward(features);
        return (output, _loss.Mean(output, targets));
    }

    private static void Repeat(IEnumerable<int> sizes, Action<int> work)
    {
        foreach (var records in sizes)
        {
            for (var run = 0; run < WarmUpRuns; run++)
            {
                using var scope = torch.NewDisposeScope();
                work(records);
            }
        }
    }

    /// <summary>Targets of the first class, or zeros.</summary>
    private torch.Tensor Targets(int records)
    {
        var targets = torch.empty(_loss.TargetShape([records, .. _targetShape]), _loss.TargetType);
        targets.bytes.Clear();
        return targets;
    }

    private void SetLearningRate(double rate)
    {
        foreach (var group in _optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }
    }
}
