namespace Orchestrator.Errors;

/// <summary>The one exception for failures that are not the caller's mistake; <see cref="Code"/> tells which.</summary>
public class OrchestratorException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">The way to fail.</param>
    /// <param name="message">One line that says what happened in this case. It never holds a secret.</param>
    /// <param name="remedy">What to do in this case; <see langword="null"/> takes the code's remedy.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public OrchestratorException(ErrorCode code, string message, string? remedy = null, Exception? inner = null)
        : base(message, inner)
    {
        ArgumentNullException.ThrowIfNull(code);
        Code = code;
        Remedy = remedy ?? code.Remedy;
    }

    /// <summary>The way to fail.</summary>
    public ErrorCode Code { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }
}
