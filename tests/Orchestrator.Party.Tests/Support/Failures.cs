using Orchestrator.Errors;

namespace Orchestrator.Sdk.Tests;

internal static class Failures
{
    /// <summary>Runs an action that must fail, and gives the code.</summary>
    public static ErrorCode CodeOf(Action action) => Assert.Throws<OrchestratorException>(action).Code;

    public static async Task<ErrorCode> CodeOfAsync(Func<Task> action) => (await Assert.ThrowsAsync<OrchestratorException>(action)).Code;
}
