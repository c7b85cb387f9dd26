using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Ways in which a job fails a party before, during and after it runs.</summary>
public static class JobErrors
{
    /// <summary>A job's name is 64 hexadecimal digits.</summary>
    public static readonly ErrorCode NameInvalid = new("job-name-invalid", ErrorClass.Usage, "A job is named by the 64 hexadecimal digits of its manifest's digest.", "Copy it from `job propose` or `job list`.");

    /// <summary>The host gave another manifest.</summary>
    public static readonly ErrorCode OtherManifest = new("job-other-manifest", ErrorClass.Integrity, "The host gave another manifest than the one that the job is named after.", "Do not approve; ask the proposer for the manifest itself.");

    /// <summary>This party is not in the job.</summary>
    public static readonly ErrorCode NotNamed = new("job-party-not-named", ErrorClass.Refused, "The manifest does not name this party, or with other keys.", "Ask the proposer to name the party by the identity that `party init` printed.");

    /// <summary>The parts of the job file do not fit.</summary>
    public static readonly ErrorCode Inconsistent = new("job-inconsistent", ErrorClass.Input, "The parts of the job file do not fit together.", "Correct the job file; `job plan` shows every finding.");

    /// <summary>A proposal is not what the job file compiles to.</summary>
    public static readonly ErrorCode CompilesOtherwise = new("job-compiles-otherwise", ErrorClass.Refused, "The job file does not compile to this manifest.", "Do not approve it; compare job file and cards with the proposer's.");

    /// <summary>The rehearsal predicts a refusal.</summary>
    public static readonly ErrorCode WouldFail = new("job-would-fail", ErrorClass.Refused, "The rehearsal predicts that this job would fail.", "Mend what the table shows, each with its remedy.");

    /// <summary>Not finished.</summary>
    public static readonly ErrorCode NotCompleted = new("job-not-completed", ErrorClass.Conflict, "The job has no result yet.", "Follow it with `job watch`.");

    /// <summary>Ended without a result.</summary>
    public static readonly ErrorCode EndedWithoutResult = new("job-ended-without-result", ErrorClass.JobFailed, "The job ended without a result.", "See the events of `job watch`; propose it again with a new serial once the cause is mended.");

    /// <summary>The completed job is not the one this party agreed to.</summary>
    public static readonly ErrorCode NotApproved = new("job-not-approved-here", ErrorClass.Refused, "This key store holds no approval of the job: it was not given, was taken back, or the job's result is here already.", "Review and approve it first; of a job whose result is here, propose another.");

    /// <summary>The failure that a job's end amounts to, with the host's reason if it gave one.</summary>
    public static OrchestratorException Ended(Digest job, JobState state, ErrorDetail? failure)
    {
        string reason = failure is null ? "" : $": {failure.Code}: {failure.Message}";
        return new OrchestratorException(
            EndedWithoutResult,
            RpcErrors.Printable($"The job {job} is {state.ToString().ToLowerInvariant()}{reason}"),
            failure is { Remedy.Length: > 0 } ? RpcErrors.Printable(failure.Remedy) : null);
    }
}
