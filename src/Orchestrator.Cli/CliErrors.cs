using Orchestrator.Errors;

namespace Orchestrator.Cli;

/// <summary>Ways to fail that only the command has.</summary>
public static class CliErrors
{
    /// <summary>Unknown command or option, missing argument, value of the wrong kind.</summary>
    public static readonly ErrorCode Usage = new("cli-usage", ErrorClass.Usage, "The command line was put wrongly.", "Add --help to the command to see its arguments with examples.");

    /// <summary>No passphrase and no terminal to ask on.</summary>
    public static readonly ErrorCode NoPassphrase = new("cli-no-passphrase", ErrorClass.Usage, "The key store needs a passphrase or key file and none was given.", "Use --passphrase-file FILE, --key-file FILE or the variable ORCHESTRATOR_PASSPHRASE, or run on a terminal.");

    /// <summary>The two entries of a new passphrase differ.</summary>
    public static readonly ErrorCode PassphraseMismatch = new("cli-passphrase-mismatch", ErrorClass.Usage, "The two passphrases differ.", "Type the same passphrase twice.");

    /// <summary>No host named and none known.</summary>
    public static readonly ErrorCode NoHost = new("cli-no-host", ErrorClass.Usage, "No host was named.", "Use --host URL or the variable ORCHESTRATOR_HOST.");

    /// <summary>A program that belongs beside this one is absent.</summary>
    public static readonly ErrorCode ProgramMissing = new("cli-program-missing", ErrorClass.NotFound, "A program that is installed beside this one cannot be started.", "Build the project again with `make build`; all its programs land in one folder.");

    /// <summary>A defect.</summary>
    public static readonly ErrorCode Defect = new("cli-defect", ErrorClass.Internal, "The command met a defect of its own.", "Run it again with ORCHESTRATOR_TRACE=1 and report the trace.");
}
