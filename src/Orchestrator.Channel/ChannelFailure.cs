using System.Text.RegularExpressions;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>A failure as it crosses the channel: code, class, message, remedy; and for a denial the published envelope.</summary>
internal static partial class ChannelFailure
{
    private const int MaxText = 16 * 1024;

    public static CborMap ToCbor(OrchestratorException failure) => CborMap.Of(
        ("code", failure.Code.Id),
        ("class", (long)failure.Code.Class),
        ("message", Cut(failure.Message)),
        ("remedy", Cut(failure.Remedy)),
        ("denial", failure is DeniedException denied ? (CborValue)denied.Envelope : null));

    public static OrchestratorException FromCbor(CborField field) => field.ReadMap(map =>
    {
        string id = map.Required("code").AsText(64);
        if (!CodeForm().IsMatch(id))
        {
            throw map.Required("code").OutOfRange("is no code");
        }

        string message = map.Required("message").AsText(MaxText);
        string remedy = map.Required("remedy").AsText(MaxText);
        var code = new ErrorCode(id, map.Required("class").AsEnum<ErrorClass>(), message, remedy);
        return map.Optional("denial") is { } envelope
            ? new DeniedException(code, message, envelope.AsText(MaxText), remedy)
            : new OrchestratorException(code, message, remedy);
    });

    private static string Cut(string text) => text.Length <= MaxText ? text : text[..MaxText];

    [GeneratedRegex(@"\A[a-z0-9]+(-[a-z0-9]+)+\z")]
    private static partial Regex CodeForm();
}
