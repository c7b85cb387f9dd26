namespace Orchestrator.Data.Plans;

/// <summary>
/// How the learning rate changes during training: a factor on <see cref="Optimizer.LearningRate"/> for every optimiser step.
/// </summary>
public abstract record Schedule
{
    private Schedule()
    {
    }

    /// <summary>The factor for one step.</summary>
    /// <param name="step">Optimiser steps already taken, 0 for the first.</param>
    /// <param name="stepsPerEpoch">Batches in an epoch, at least 1.</param>
    /// <param name="totalSteps">Steps that the plan's epochs amount to, whether or not training stops early.</param>
    public double Factor(long step, long stepsPerEpoch, long totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfLessThan(stepsPerEpoch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, step);
        return FactorAt(step, stepsPerEpoch, totalSteps);
    }

    /// <summary><see cref="Factor"/> with its arguments already checked.</summary>
    private protected abstract double FactorAt(long step, long stepsPerEpoch, long totalSteps);

    /// <summary>1 throughout.</summary>
    public sealed record Constant : Schedule
    {
        private protected override double FactorAt(long step, long stepsPerEpoch, long totalSteps) => 1;
    }

    /// <summary>Multiplied by <see cref="Gamma"/> after every <see cref="Epochs"/> epochs.</summary>
    public sealed record Step(int Epochs, double Gamma) : Schedule
    {
        private protected override double FactorAt(long step, long stepsPerEpoch, long totalSteps) =>
            Math.Pow(Gamma, step / stepsPerEpoch / Epochs);
    }

    /// <summary>Half a cosine from 1 at the first step down to <see cref="Minimum"/> after the last.</summary>
    public sealed record Cosine(double Minimum) : Schedule
    {
        private protected override double FactorAt(long step, long stepsPerEpoch, long totalSteps) =>
            Minimum + ((1 - Minimum) * (1 + Math.Cos(Math.PI * step / Math.Max(totalSteps, 1))) / 2);
    }

    /// <summary>Rises in <see cref="Steps"/> equal parts from 1 / Steps to 1, then follows <see cref="Then"/> over the steps left.</summary>
    public sealed record WarmUp(int Steps, Schedule Then) : Schedule
    {
        private protected override double FactorAt(long step, long stepsPerEpoch, long totalSteps) => step < Steps
            ? (step + 1.0) / Steps
            : Then.FactorAt(step - Steps, stepsPerEpoch, totalSteps - Steps);
    }
}
