using Orchestrator.Errors;

namespace Orchestrator.Cli;

/// <summary>Exit codes of the command: 0, the value of the failure's <see cref="ErrorClass"/>, or the shell's codes for a signal.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>128 + SIGHUP.</summary>
    public const int HungUp = 129;

    /// <summary>128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>128 + SIGTERM.</summary>
    public const int Terminated = 143;

    /// <summary>The code of a failure.</summary>
    public static int Of(ErrorCode code) => (int)code.Class;
}
