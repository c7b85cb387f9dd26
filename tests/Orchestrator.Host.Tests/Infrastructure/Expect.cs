using Orchestrator.Errors;

namespace Orchestrator.Host.Tests.Infrastructure;

internal static class Expect
{
    /// <summary>The call fails with exactly this code, as the client gets it.</summary>
    public static async Task<OrchestratorException> CodeAsync(ErrorCode code, Func<Task> call)
    {
        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(call);
        Assert.Equal((code.Id, code.Class), (failure.Code.Id, failure.Code.Class));
        return failure;
    }

    /// <summary>Waits until a condition holds that can change only when <paramref name="changes"/> says so.</summary>
    public static async Task UntilAsync(ChangeSignal changes, Func<bool> condition)
    {
        for (Task changed = changes.Next; !condition(); changed = changes.Next)
        {
            await WithinAsync(changed);
        }
    }

    /// <summary>Fails a test that hangs.</summary>
    public static Task<T> WithinAsync<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static Task WithinAsync(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60));
}
