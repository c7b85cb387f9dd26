using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>Which machines are made.</summary>
public sealed class MachinePlanTests
{
    public static TheoryData<string> Refused => [.. s_refused.Keys];

    private static readonly Dictionary<string, MachinePlan> s_refused = new()
    {
        ["too little memory"] = new MachinePlan { Memory = 256 },
        ["no core"] = new MachinePlan { Cores = 0 },
        ["negative scratch"] = new MachinePlan { Scratch = -(1 << 20) },
        ["scratch of part of a MiB"] = new MachinePlan { Scratch = 4096 },
        ["two disks of a name"] = new MachinePlan { Disks = [new AttachedDisk("a", "/x"), new AttachedDisk("a", "/y")] },
        ["a disk called scratch"] = new MachinePlan { Disks = [new AttachedDisk("scratch", "/x")] },
        ["a name with an option in it"] = new MachinePlan { Disks = [new AttachedDisk("a,addr=9", "/x")] },
        ["a name that a serial number has no room for"] = new MachinePlan { Disks = [new AttachedDisk(new string('a', 21), "/x")] },
        ["more disks than slots"] = new MachinePlan { Disks = [.. Enumerable.Range(0, 201).Select(i => new AttachedDisk($"d{i}", "/x"))] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Plan_IsRefused(string which) => Assert.Equal(UvmErrors.PlanInvalid, Assert.Throws<OrchestratorException>(s_refused[which].Require).Code);

    [Fact]
    public void Plan_OfTheUsualSize_IsTaken() => new MachinePlan { Scratch = 64 << 20, Disks = [new AttachedDisk("0123456789abcdef0123", "/x")] }.Require();
}
