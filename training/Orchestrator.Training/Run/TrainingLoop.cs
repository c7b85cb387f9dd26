using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.State;

namespace Orchestrator.Training.Run;

/// <summary>Epoch after epoch, until the plan ends or early stopping does. Runs on one thread.</summary>
internal sealed class TrainingLoop
{
    private readonly TrainingPlan _plan;
    private readonly TrainingProgram _program;
    private readonly ProgramStep _step;
    private readonly LossFunction _loss;
    private readonly BatchPipeline _pipeline;
    private readonly bool _evaluates;
    private readonly long _batches;

    public TrainingLoop(JobSchedule schedule, TrainingProgram program, ProgramStep step, LossFunction loss, BatchPipeline pipeline)
    {
        _plan = schedule.Plan;
        _program = program;
        _step = step;
        _loss = loss;
        _pipeline = pipeline;
        _evaluates = schedule.Evaluate.TotalRecords > 0;
        _batches = ((schedule.Train.TotalRecords - 1) / _plan.BatchSize) + 1;
    }

    /// <summary>Trains the epochs that the session has before it.</summary>
    /// <param name="session">Where it begins, what it hands out on its way, and when it is to end.</param>
    /// <param name="state">Takes the state after an epoch.</param>
    /// <param name="progress">Told after every batch and every epoch.</param>
    /// <param name="cancellation">Ends training between two batches.</param>
    /// <returns>What every epoch of the job came to; fewer than the plan's when it stopped early.</returns>
    public IReadOnlyList<EpochMetrics> Run(
        TrainingSession session, StateKeeper state, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var epochs = new List<EpochMetrics>(session.From?.History ?? []);
        var patience = new Patience(_plan.EarlyStopping);
        epochs.ForEach(epoch => patience.Observe(epoch.Evaluation?.Loss));
        var place = new TrainingProgress(0, 0, _batches, double.NaN, null);
        if (_plan.EarlyStopping is null)
        {
            _pipeline.Admit(Math.Max(1, _plan.Epochs - epochs.Count));
        }

        while (epochs.Count < _plan.Epochs && !patience.IsExhausted && !(epochs.Count > 0 && session.Finish.IsCancellationRequested))
        {
            if (_plan.EarlyStopping is not null)
            {
                _pipeline.Admit(1);
            }

            place = place with { Epoch = epochs.Count, Batch = 0, Completed = null };
            var trainingLoss = TrainEpoch(ref place, progress, cancellation);
            var evaluation = _evaluates ? Evaluate(place, cancellation) : null;
            epochs.Add(new EpochMetrics(place.Epoch, LearningRate(place.Epoch, _batches - 1), trainingLoss, evaluation));
            patience.Observe(evaluation?.Loss);
            progress?.Report(place with { Completed = epochs[^1] });
            if (session.IsCheckpoint(epochs.Count) && epochs.Count < _plan.Epochs)
            {
                session.Checkpoint(state.Capture(epochs));
            }
        }

        return epochs;
    }

    private double TrainEpoch(ref TrainingProgress place, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        _program.SetTraining(true);
        var sum = 0.0;
        var records = 0L;
        foreach (var batch in _pipeline.ReadPass())
        {
            cancellation.ThrowIfCancellationRequested();
            var rate = LearningRate(place.Epoch, place.Batch);
            var loss = ProgramGuard.Run(place, () => _step.Train(batch, rate));
            sum += (double)loss * batch.Count;
            records += batch.Count;
            place = place with { Batch = place.Batch + 1, Loss = loss };
            progress?.Report(place);
        }

        return sum / records;
    }

    private EvaluationMetrics Evaluate(TrainingProgress place, CancellationToken cancellation)
    {
        _program.SetTraining(false);
        var evaluator = new Evaluator(_loss);
        foreach (var batch in _pipeline.ReadPass())
        {
            cancellation.ThrowIfCancellationRequested();
            ProgramGuard.Run(place, () => _step.Evaluate(batch, evaluator));
        }

        return evaluator.Result();
    }

    private double LearningRate(int epoch, long batch) =>
        _plan.Optimizer.LearningRate * _plan.Schedule.Factor((epoch * _batches) + batch, _batches, _plan.Epochs * _batches);

    /// <summary>Counts epochs without improvement.</summary>
    private sealed class Patience(EarlyStopping? rule)
    {
        private double _best = double.PositiveInfinity;
        private int _waited;

        public bool IsExhausted => rule is not null && _waited >= rule.Patience;

        public void Observe(double? loss)
        {
            if (rule is null || loss is null)
            {
                return;
            }

            if (loss < _best - rule.MinDelta)
            {
                _best = loss.Value;
                _waited = 0;
            }
            else
            {
                _waited++;
            }
        }
    }
}
