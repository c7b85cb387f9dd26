using Orchestrator.Data.Plans;

namespace Orchestrator.Data.Tests.Plans;

public sealed class ScheduleTests
{
    [Fact]
    public void Constant_Always_IsOne() => Assert.Equal(1, new Schedule.Constant().Factor(99, 10, 100));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(19, 1)]
    [InlineData(20, 0.5)]
    [InlineData(39, 0.5)]
    [InlineData(40, 0.25)]
    public void Step_AfterEveryTwoEpochsOfTenSteps_Halves(long step, double factor) =>
        Assert.Equal(factor, new Schedule.Step(2, 0.5).Factor(step, 10, 100));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 0.55)]
    [InlineData(100, 0.1)]
    public void Cosine_AtStartMiddleAndEnd_FallsToItsMinimum(long step, double factor) =>
        Assert.Equal(factor, new Schedule.Cosine(0.1).Factor(step, 10, 100), 12);

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    [InlineData(52, 0.5)]
    [InlineData(100, 0)]
    public void WarmUp_ThenCosine_RisesAndFalls(long step, double factor) =>
        Assert.Equal(factor, new Schedule.WarmUp(4, new Schedule.Cosine(0)).Factor(step, 10, 100), 12);

    [Fact]
    public void WarmUp_LongerThanTheRun_NeverDividesByNothing() =>
        Assert.Equal(0.05, new Schedule.WarmUp(100, new Schedule.Cosine(0)).Factor(4, 5, 5), 12);

    [Fact]
    public void Factor_OfImpossibleStep_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Schedule.Constant().Factor(11, 1, 10));
}
