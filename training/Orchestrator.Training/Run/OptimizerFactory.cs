using TorchSharp;
using TorchSharp.Modules;
using Plan = Orchestrator.Data.Plans.Optimizer;

namespace Orchestrator.Training.Run;

/// <summary>Makes a plan's optimiser. Every option is spelled out: upstream's defaults are not PyTorch's.</summary>
internal static class OptimizerFactory
{
    public static OptimizerHelper Create(Plan plan, Parameter[] parameters) => plan switch
    {
        Plan.Sgd sgd => torch.optim.SGD(parameters, sgd.LearningRate, momentum: sgd.Momentum, weight_decay: sgd.WeightDecay),
        Plan.Adam adam => torch.optim.Adam(
            parameters, lr: adam.LearningRate, beta1: adam.Beta1, beta2: adam.Beta2, eps: adam.Epsilon, weight_decay: adam.WeightDecay),
        Plan.AdamW adam => torch.optim.AdamW(
            parameters, lr: adam.LearningRate, beta1: adam.Beta1, beta2: adam.Beta2, eps: adam.Epsilon, weight_decay: adam.WeightDecay),
        Plan.RmsProp rms => torch.optim.RMSProp(
            parameters, lr: rms.LearningRate, alpha: rms.Alpha, eps: rms.Epsilon, weight_decay: rms.WeightDecay, momentum: rms.Momentum),
        _ => throw new InvalidOperationException("unknown optimiser"),
    };
}
