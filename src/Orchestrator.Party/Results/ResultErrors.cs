using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Ways in which a result cannot be accepted.</summary>
public static class ResultErrors
{
    /// <summary>Genuine, but not a device that this party accepts.</summary>
    public static readonly ErrorCode DeviceRefused = new("receipt-device-refused", ErrorClass.Refused, "The receipt is genuine, but the policy does not accept the device that ran the job.", "See the denial; change the policy only if you mean it.");

    /// <summary>Genuine, but with a group that this party does not accept.</summary>
    public static readonly ErrorCode GroupRefused = new("receipt-group-refused", ErrorClass.Refused, "The receipt is genuine, but the policy does not accept a container group that prepared the job's data.", "See the denial; change the policy's section snp only if you mean it.");

    /// <summary>Genuine, but not a device that the policy accepts.</summary>
    public static readonly ErrorCode EvidenceRefused = new("evidence-refused", ErrorClass.Refused, "The evidence is genuine, but the policy does not accept the device.", "See the denials; change the policy only if you mean it.");

    /// <summary>Too large for a receipt.</summary>
    public static readonly ErrorCode ReceiptTooLarge = new("receipt-too-large", ErrorClass.Input, "The file is larger than any receipt.", "Name the receipt that `job result` wrote.");

    /// <summary>Of another job.</summary>
    public static readonly ErrorCode OtherJob = new("receipt-other-job", ErrorClass.Integrity, "The receipt is of another job than the one asked for.", "Fetch it again; if it stays so, the host has replaced it.");

    /// <summary>Of a session whose place another has taken.</summary>
    public static readonly ErrorCode Superseded = new("receipt-superseded", ErrorClass.Integrity, "The receipt is of an earlier session of the job than the one that this party released its keys to last: there may be another result.", "Fetch it again; if it stays so, the host has had the job run twice, and shows this party the wrong result.");

    /// <summary>Lines that are no metrics.</summary>
    public static readonly ErrorCode MetricsInvalid = new("metrics-invalid", ErrorClass.Input, "The file does not hold metrics, one JSON object a line.", "Name the metrics file that `job result` wrote.");
}
