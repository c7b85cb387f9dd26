using Orchestrator.Containers.Groups;
using Orchestrator.Uvm;

namespace Orchestrator.Guest.Tests;

/// <summary>Whatever a group file may ask for is a machine.</summary>
public sealed class GroupSizeTests
{
    [Fact]
    public void Limits_AreTheMachines()
    {
        new MachinePlan { Memory = GroupSize.LeastMemory, Cores = 1 }.Require();
        new MachinePlan { Memory = GroupSize.MostMemory, Cores = GroupSize.MostCores }.Require();
        Assert.Throws<Errors.OrchestratorException>(new MachinePlan { Memory = GroupSize.LeastMemory - 1 }.Require);
        Assert.Throws<Errors.OrchestratorException>(new MachinePlan { Memory = GroupSize.MostMemory + 1 }.Require);
        Assert.Throws<Errors.OrchestratorException>(new MachinePlan { Cores = GroupSize.MostCores + 1 }.Require);
    }
}
