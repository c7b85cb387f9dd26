using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Errors;

namespace Orchestrator.Contracts;

/// <summary>
/// How an <see cref="OrchestratorException"/> crosses a gRPC call: its class is the call's status, its code, message and
/// remedy travel in the trailer <c>orchestrator-error-bin</c> as an <see cref="ErrorDetail"/>.
/// </summary>
public static partial class RpcErrors
{
    /// <summary>The trailer's name. Its value is an encoded <see cref="ErrorDetail"/>.</summary>
    public const string TrailerName = "orchestrator-error-bin";

    /// <summary>The longest text that is taken over from a peer, in UTF-16 units.</summary>
    public const int MaximumTextLength = 2048;

    /// <summary>The most denials that are taken over from a peer, or kept of one failure.</summary>
    public const int MaximumDenials = 64;

    /// <summary>The longest text of a denial, in UTF-16 units: room for a device's three measurements.</summary>
    public const int MaximumDenialText = 1024;

    /// <summary>Codes of this area mean that the caller is not known yet, which gRPC has a status of its own for.</summary>
    private const string AuthenticationArea = "auth-";

    /// <summary>The peer failed in a way that it does not describe.</summary>
    public static readonly ErrorCode Internal = new("rpc-internal", ErrorClass.Internal, "The peer failed in a way that it does not describe.", "See the peer's log.");

    /// <summary>The peer cannot be reached, or the connection was lost.</summary>
    public static readonly ErrorCode Unavailable = new("rpc-unavailable", ErrorClass.Unavailable, "The peer cannot be reached, or the connection was lost.", "Check that it runs and that the address is right, then repeat.");

    /// <summary>The peer took longer than the call's deadline.</summary>
    public static readonly ErrorCode Deadline = new("rpc-deadline", ErrorClass.Unavailable, "The peer did not answer in time.", "Repeat; if it stays so, ask the peer's operator.");

    /// <summary>The peer refused the call without naming one of this project's codes.</summary>
    public static readonly ErrorCode Rejected = new("rpc-rejected", ErrorClass.Refused, "The peer refused the call and gives no code of this project.", "Check that the peer is an Orchestrator of a fitting version.");

    /// <summary>A message cannot be decoded, or is larger than the receiver takes.</summary>
    public static readonly ErrorCode Malformed = new("rpc-malformed", ErrorClass.Input, "A message cannot be decoded, or is larger than the receiver takes.", "Check the versions of both sides.");

    /// <summary>The exception as it leaves a server.</summary>
    public static RpcException ToRpc(OrchestratorException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var trailers = new Metadata { { TrailerName, ToDetail(exception).ToByteArray() } };
        return new RpcException(new Status(StatusOf(exception.Code), exception.Message), trailers, exception.Message);
    }

    /// <summary>The exception's code, message and remedy.</summary>
    public static ErrorDetail ToDetail(OrchestratorException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new ErrorDetail { Code = exception.Code.Id, Message = exception.Message, Remedy = exception.Remedy };
    }

    /// <summary>The exception as a client sees it. Texts are a stranger's: they are cut and stripped of control characters.</summary>
    public static OrchestratorException FromRpc(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (DetailOf(exception) is not { } detail || !CodePattern().IsMatch(detail.Code))
        {
            ErrorCode generic = IsConnectionLost(exception.Status.DebugException) ? Unavailable : GenericCode(exception.StatusCode);
            string said = Printable(exception.Status.Detail);
            return new OrchestratorException(generic, said.Length == 0 ? generic.Meaning : $"{generic.Meaning} ({exception.StatusCode}: {said})", inner: exception);
        }

        string message = Printable(detail.Message);
        string remedy = Printable(detail.Remedy);
        return new OrchestratorException(new ErrorCode(detail.Code, ClassOf(exception.StatusCode), message, remedy), message, inner: exception);
    }

    /// <summary>
    /// A stranger's text made fit for a terminal, a log and every encoding: control and formatting characters (which could
    /// reverse what is read) replaced by spaces, lone surrogates by U+FFFD, cut to <paramref name="length"/> UTF-16 units.
    /// </summary>
    public static string Printable(string text, int length = MaximumTextLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        var printable = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (printable.Length + rune.Utf16SequenceLength > length)
            {
                break;
            }

            printable.Append(Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format ? " " : rune.ToString());
        }

        return printable.ToString();
    }

    /// <summary>A stranger's description of a failure, fit to be kept and passed on: texts as by <see cref="Printable"/>, and of denials the first <see cref="MaximumDenials"/>.</summary>
    public static ErrorDetail Printable(ErrorDetail detail)
    {
        ArgumentNullException.ThrowIfNull(detail);
        var printable = new ErrorDetail { Code = Printable(detail.Code, MaximumDenialText), Message = Printable(detail.Message), Remedy = Printable(detail.Remedy) };
        printable.Denials.AddRange(detail.Denials.Take(MaximumDenials).Select(Printable));
        return printable;
    }

    private static Denial Printable(Denial denial) => new()
    {
        Code = Printable(denial.Code, MaximumDenialText),
        Claim = Printable(denial.Claim, MaximumDenialText),
        Expected = Printable(denial.Expected, MaximumDenialText),
        Observed = Printable(denial.Observed, MaximumDenialText),
        PolicyOf = Printable(denial.PolicyOf, MaximumDenialText),
        Remedy = Printable(denial.Remedy, MaximumDenialText),
    };

    private static StatusCode StatusOf(ErrorCode code) => code.Class switch
    {
        _ when code.Id.StartsWith(AuthenticationArea, StringComparison.Ordinal) => StatusCode.Unauthenticated,
        ErrorClass.Usage or ErrorClass.Input => StatusCode.InvalidArgument,
        ErrorClass.Integrity => StatusCode.DataLoss,
        ErrorClass.Refused => StatusCode.PermissionDenied,
        ErrorClass.NotFound => StatusCode.NotFound,
        ErrorClass.Conflict => StatusCode.FailedPrecondition,
        ErrorClass.Unavailable => StatusCode.Unavailable,
        ErrorClass.JobFailed => StatusCode.Aborted,
        ErrorClass.Storage => StatusCode.ResourceExhausted,
        _ => StatusCode.Internal,
    };

    private static ErrorClass ClassOf(StatusCode status) => status switch
    {
        StatusCode.InvalidArgument or StatusCode.OutOfRange => ErrorClass.Input,
        StatusCode.DataLoss => ErrorClass.Integrity,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => ErrorClass.Refused,
        StatusCode.NotFound => ErrorClass.NotFound,
        StatusCode.FailedPrecondition or StatusCode.AlreadyExists => ErrorClass.Conflict,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => ErrorClass.Unavailable,
        StatusCode.Aborted => ErrorClass.JobFailed,
        StatusCode.ResourceExhausted => ErrorClass.Storage,
        _ => ErrorClass.Internal,
    };

    // gRPC itself uses RESOURCE_EXHAUSTED for a message above the limit, and UNIMPLEMENTED for a method that is not there.
    private static ErrorCode GenericCode(StatusCode status) => status switch
    {
        StatusCode.Unavailable or StatusCode.Cancelled => Unavailable,
        StatusCode.DeadlineExceeded => Deadline,
        StatusCode.ResourceExhausted or StatusCode.InvalidArgument or StatusCode.OutOfRange => Malformed,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented => Rejected,
        _ => Internal,
    };

    // A peer that is killed leaves an end of file where gRPC expected a handshake or a message, which it takes for an error of its own.
    private static bool IsConnectionLost(Exception? cause) => cause is IOException or SocketException || (cause is not null && IsConnectionLost(cause.InnerException));

    private static ErrorDetail? DetailOf(RpcException exception)
    {
        try
        {
            return exception.Trailers.GetValueBytes(TrailerName) is { } bytes ? ErrorDetail.Parser.ParseFrom(bytes) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)+$")]
    private static partial Regex CodePattern();
}
