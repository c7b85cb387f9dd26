using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>A host gives no memory that it has not.</summary>
public sealed class HostMemoryTests
{
    [Fact]
    public void Require_WhatTheHostHas_IsGiven() => HostMemory.Require(1);

    [Fact]
    public void Require_MoreThanAnyMachineHas_IsRefused()
    {
        var refusal = Assert.Throws<OrchestratorException>(() => HostMemory.Require(1 << 30));

        Assert.Equal(UvmErrors.NoMemory, refusal.Code);
        Assert.Contains($"{1 << 30} MiB", refusal.Message, StringComparison.Ordinal);
    }
}
