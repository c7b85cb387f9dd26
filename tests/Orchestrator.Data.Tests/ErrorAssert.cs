using Orchestrator.Errors;

namespace Orchestrator.Data.Tests;

internal static class ErrorAssert
{
    /// <summary>Asserts that <paramref name="action"/> fails with exactly <paramref name="code"/>.</summary>
    public static OrchestratorException Throws(ErrorCode code, Action action)
    {
        var exception = Assert.Throws<OrchestratorException>(action);
        Assert.Equal(code.Id, exception.Code.Id);
        return exception;
    }
}
