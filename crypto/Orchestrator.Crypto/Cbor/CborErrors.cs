using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>Ways in which bytes fail to be the CBOR object that a format asks for.</summary>
public static class CborErrors
{
    private const string AskSender = "Ask whoever made the object for an unaltered copy, made by a matching version.";

    /// <summary>Not CBOR, or more or less than one item.</summary>
    public static readonly ErrorCode Malformed = new("cbor-malformed", ErrorClass.Input, "The bytes are not one well-formed CBOR item.", AskSender);

    /// <summary>Not in deterministic encoding (RFC 8949 section 4.2.1).</summary>
    public static readonly ErrorCode NotCanonical = new("cbor-not-canonical", ErrorClass.Input, "The object is CBOR, but not in its one deterministic encoding.", AskSender);

    /// <summary>Over a <see cref="CborLimits"/> limit.</summary>
    public static readonly ErrorCode TooLarge = new("cbor-too-large", ErrorClass.Input, "The object is larger, deeper or has more items than its format allows.", AskSender);

    /// <summary>An item of a kind that no format here uses.</summary>
    public static readonly ErrorCode Unsupported = new("cbor-unsupported", ErrorClass.Input, "The object holds a kind of CBOR item that no format here uses.", AskSender);

    /// <summary>A field of another type.</summary>
    public static readonly ErrorCode WrongType = new("cbor-wrong-type", ErrorClass.Input, "A field has another type than its format says.", AskSender);

    /// <summary>A field's value is outside its range or has another length.</summary>
    public static readonly ErrorCode OutOfRange = new("cbor-out-of-range", ErrorClass.Input, "A field's value or length is outside the range that its format allows.", AskSender);

    /// <summary>A field is absent.</summary>
    public static readonly ErrorCode MissingField = new("cbor-missing-field", ErrorClass.Input, "A field that the format requires is absent.", AskSender);

    /// <summary>A field that the format does not have.</summary>
    public static readonly ErrorCode UnknownField = new("cbor-unknown-field", ErrorClass.Input, "The object has a field that its format does not know.", AskSender);
}
