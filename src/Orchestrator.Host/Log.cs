using Orchestrator.Crypto;

namespace Orchestrator.Host;

/// <summary>What the host writes to its log. Never a token, key, package or plaintext.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Serving on {Address}, certificate SHA-256 {Fingerprint}")]
    public static partial void Serving(ILogger log, Uri address, Digest fingerprint);

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "The audit log is intact: {Entries} entries, head {Head}")]
    public static partial void AuditIntact(ILogger log, long entries, Digest head);

    [LoggerMessage(EventId = 200, Level = LogLevel.Information, Message = "Job {Job}: attempt {Attempt} begins on device {Device}")]
    public static partial void SessionBegun(ILogger log, Digest job, int attempt, string device);

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "Job {Job}: attempt {Attempt} completed")]
    public static partial void SessionCompleted(ILogger log, Digest job, int attempt);

    [LoggerMessage(EventId = 202, Level = LogLevel.Information, Message = "Job {Job}: attempt {Attempt} was ended from outside")]
    public static partial void SessionOver(ILogger log, Digest job, int attempt);

    [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "Job {Job}: attempt {Attempt} failed with {Code}")]
    public static partial void SessionFailed(ILogger log, Digest job, int attempt, string code);

    [LoggerMessage(EventId = 204, Level = LogLevel.Error, Message = "Job {Job}: attempt {Attempt} failed unexpectedly")]
    public static partial void SessionBroken(ILogger log, Exception failure, Digest job, int attempt);

    [LoggerMessage(EventId = 205, Level = LogLevel.Error, Message = "Queued jobs could not be assigned; they are tried again")]
    public static partial void SchedulingFailed(ILogger log, Exception failure);

    [LoggerMessage(EventId = 206, Level = LogLevel.Error, Message = "Job {Job}: what became of attempt {Attempt} cannot be written down; it is tried again")]
    public static partial void OutcomeNotWritten(ILogger log, Exception failure, Digest job, int attempt);
}
