using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Support;

internal static class ErrorAssert
{
    /// <summary>Asserts that <paramref name="action"/> fails with exactly <paramref name="code"/>.</summary>
    public static void Throws(ErrorCode code, Action action) => Assert.Equal(code.Id, Assert.Throws<OrchestratorException>(action).Code.Id);

    /// <inheritdoc cref="Throws"/>
    public static async Task ThrowsAsync(ErrorCode code, Func<Task> action) =>
        Assert.Equal(code.Id, (await Assert.ThrowsAnyAsync<OrchestratorException>(action)).Code.Id);
}
