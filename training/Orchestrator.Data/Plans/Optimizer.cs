namespace Orchestrator.Data.Plans;

/// <summary>
/// How parameters move along their gradients. Semantics and update order are PyTorch's <c>torch.optim</c>.
/// Learning rate in (0, 1000], weight decay in [0, 1000], momentum and decay rates in [0, 1), epsilon in (0, 1].
/// </summary>
public abstract record Optimizer
{
    private Optimizer()
    {
    }

    /// <summary>Step size before the schedule scales it.</summary>
    public required double LearningRate { get; init; }

    /// <summary>L2 penalty; decoupled from the gradient for <see cref="AdamW"/>, added to it otherwise.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Values that it keeps for every parameter.</summary>
    public abstract int Moments { get; }

    /// <summary>Stochastic gradient descent; momentum 0 is the plain form.</summary>
    public sealed record Sgd : Optimizer
    {
        /// <inheritdoc/>
        public override int Moments => Momentum > 0 ? 1 : 0;

        /// <summary>Share of the previous step that is kept.</summary>
        public double Momentum { get; init; }
    }

    /// <summary>Adam (Kingma and Ba, arXiv 1412.6980), without AMSGrad.</summary>
    public sealed record Adam : Optimizer
    {
        /// <inheritdoc/>
        public override int Moments => 2;

        /// <summary>Decay of the gradient's running mean.</summary>
        public double Beta1 { get; init; } = 0.9;

        /// <summary>Decay of the squared gradient's running mean.</summary>
        public double Beta2 { get; init; } = 0.999;

        /// <summary>Added to the denominator.</summary>
        public double Epsilon { get; init; } = 1e-8;
    }

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), without AMSGrad.</summary>
    public sealed record AdamW : Optimizer
    {
        /// <inheritdoc/>
        public override int Moments => 2;

        /// <summary>Decay of the gradient's running mean.</summary>
        public double Beta1 { get; init; } = 0.9;

        /// <summary>Decay of the squared gradient's running mean.</summary>
        public double Beta2 { get; init; } = 0.999;

        /// <summary>Added to the denominator.</summary>
        public double Epsilon { get; init; } = 1e-8;
    }

    /// <summary>RMSprop, not centred.</summary>
    public sealed record RmsProp : Optimizer
    {
        /// <inheritdoc/>
        public override int Moments => Momentum > 0 ? 2 : 1;

        /// <summary>Decay of the squared gradient's running mean.</summary>
        public double Alpha { get; init; } = 0.99;

        /// <summary>Share of the previous step that is kept.</summary>
        public double Momentum { get; init; }

        /// <summary>Added to the denominator.</summary>
        public double Epsilon { get; init; } = 1e-8;
    }
}
