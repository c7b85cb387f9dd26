using System.CommandLine;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary>The argument that names a job.</summary>
internal static class JobArgument
{
    public static Argument<string> Create() => new("JOB") { Description = "The job's name: 64 hexadecimal digits, as `job propose` and `job list` print it." };

    public static Digest Parse(string text) => Digest.TryParse(text, out Digest job)
        ? job
        : throw new OrchestratorException(JobErrors.NameInvalid, $"\"{text}\" is not a job's name.");
}
