using Orchestrator.Contracts;
using Orchestrator.Errors;

namespace Orchestrator.Sdk.Tests.Hosts;

public sealed class PatienceTests
{
    private static readonly OrchestratorException Away = new(RpcErrors.Unavailable, "away");

    private static readonly OrchestratorException LoginLost = new(
        new ErrorCode("auth-login-required", ErrorClass.Refused, "A login is required.", "Log in again."), "forgotten");

    [Fact]
    public async Task WaitAsync_AfterAllowedAttempts_ThrowsTheLastFailure()
    {
        var patience = new Patience(new InstantTime(), attempts: 3);
        await patience.WaitAsync(Away, CancellationToken.None);
        await patience.WaitAsync(Away, CancellationToken.None);

        Assert.Same(Away, await Assert.ThrowsAsync<OrchestratorException>(() => patience.WaitAsync(Away, CancellationToken.None)));
    }

    [Fact]
    public async Task WaitAsync_WhenTheHostCameBackWithoutTheLogin_BeginsAnewOnce()
    {
        var patience = new Patience(new InstantTime(), attempts: 3);
        await patience.WaitAsync(Away, CancellationToken.None);
        await patience.WaitAsync(Away, CancellationToken.None);
        await patience.WaitAsync(LoginLost, CancellationToken.None);
        await patience.WaitAsync(LoginLost, CancellationToken.None);

        await Assert.ThrowsAsync<OrchestratorException>(() => patience.WaitAsync(LoginLost, CancellationToken.None));
    }

    [Fact]
    public async Task WaitAsync_AfterAFailureThatStays_ThrowsAtOnce()
    {
        var stays = new OrchestratorException(RpcErrors.Internal, "stays");

        Assert.Same(stays, await Assert.ThrowsAsync<OrchestratorException>(() => new Patience(new InstantTime()).WaitAsync(stays, CancellationToken.None)));
    }

    [Theory]
    [InlineData(ErrorClass.Internal, false)]
    [InlineData(ErrorClass.Storage, false)]
    [InlineData(ErrorClass.Refused, true)]
    [InlineData(ErrorClass.Conflict, true)]
    [InlineData(ErrorClass.Integrity, true)]
    public async Task WaitAsync_ForAsLongAsItTakes_EndsWithARefusalOnly(ErrorClass kind, bool ends)
    {
        var failure = new OrchestratorException(RpcErrors.Internal with { Class = kind }, "failure");

        Exception? thrown = await Record.ExceptionAsync(() => new Patience(new InstantTime(), attempts: null).WaitAsync(failure, CancellationToken.None));

        Assert.Equal(ends, thrown == failure);
    }

    /// <summary>Every timer fires at once.</summary>
    private sealed class InstantTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
