using System.Diagnostics;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Guest.Processes;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Tests.Support;

namespace Orchestrator.Guest.Tests;

/// <summary>Outputs of a stage are sealed when every container of the policy has run to a good end, each once, and nothing runs.</summary>
public sealed class FinishedWorkTests
{
    private static readonly ContainerPolicy s_join = Policies.Shell("join");
    private static readonly ContainerPolicy s_clean = Policies.Shell("clean");

    private static readonly ContainerPolicy s_helper = Policies.Shell("of a fragment");

    private readonly ProcessTable _processes = new();
    private readonly FinishedWork _work;
    private bool _isStarved;

    public FinishedWorkTests()
    {
        _work = new FinishedWork(_processes, () => _isStarved);
        _work.Expect(PolicyReader.Read(Policies.Text()) with { Containers = [s_join, s_clean] });
    }

    [Fact]
    public void Both_WhateverTheOrder_AreEnough()
    {
        Run("b", 0, s_clean);
        Run("a", 0, s_join);

        _work.Require();
    }

    [Fact]
    public void Anything_ThatWasKilledForWantOfMemory_SpoilsTheWork()
    {
        Run("b", 0, s_clean);
        Run("a", 0, s_join);
        _isStarved = true;

        Assert.Equal("stage-memory-exhausted", Assert.Throws<OrchestratorException>(_work.Require).Code.Id);
    }

    [Fact]
    public void Candidates_AreToldApart_WhereTheyCanBe()
    {
        Run("a", 0, s_join, s_clean);
        Run("b", 0, s_join);

        _work.Require();
    }

    [Fact]
    public void OneMissing_OneTwice_OneFailed_OrOneThatRuns_IsNotEnough()
    {
        AssertNotDone();
        Run("a", 0, s_join);
        AssertNotDone();
        Run("b", 0, s_join);
        AssertNotDone();
        Run("c", 0, s_clean);
        AssertNotDone();
    }

    [Fact]
    public void Containers_OfFragments_MayRunBeside_AsOftenAsTheyLike_ButStandInForNobody()
    {
        Run("a", 0, s_join);
        Run("b", 0, s_helper);
        Run("c", 0, s_helper);
        AssertNotDone();
        Run("d", 0, s_helper, s_clean);

        _work.Require();
        Run("e", 0, s_join);
        AssertNotDone();
    }

    [Fact]
    public void Container_OfAFragment_ThatFailed_IsNotEnough()
    {
        Run("a", 0, s_join);
        Run("b", 0, s_clean);
        Run("c", 1, s_helper);

        AssertNotDone();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(137)]
    [InlineData(null)]
    public void Container_ThatHasNotEndedWell_IsNotEnough(int? exitCode)
    {
        Run("a", 0, s_join);
        Run("b", exitCode, s_clean);

        AssertNotDone();
    }

    [Fact]
    public void Process_ThatStillRunsInAnEndedContainer_IsNotEnough()
    {
        Run("a", 0, s_join);
        Run("b", 0, s_clean);
        _processes.Add(Start(), "a", isInit: false, ["tool"], new TaskCompletionSource<int>().Task);

        AssertNotDone();
    }

    private void AssertNotDone() => Assert.Equal("stage-not-done", Assert.Throws<OrchestratorException>(_work.Require).Code.Id);

    private void Run(string id, int? exitCode, params ContainerPolicy[] candidates)
    {
        _processes.Add(Start(), id, isInit: true, ["any"], exitCode is { } code ? Task.FromResult(code) : new TaskCompletionSource<int>().Task);
        _work.Note(id, [.. candidates]);
    }

    private static (int, ProcessStreams) Start()
    {
        Process program = Process.Start(new ProcessStartInfo("true") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        return (program.Id, new ProcessStreams(program, isOpen: false));
    }
}
