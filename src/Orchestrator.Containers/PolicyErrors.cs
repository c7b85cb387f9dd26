using Orchestrator.Errors;

namespace Orchestrator.Containers;

/// <summary>Ways in which the text of an execution policy fails. Every message names line and column.</summary>
public static class PolicyErrors
{
    private const string SeeSpec = "Correct the text where the message points; docs/spec/execution-policy.md has the whole format.";

    /// <summary>The text is no policy.</summary>
    public static readonly ErrorCode Syntax = new("policy-syntax", ErrorClass.Input, "The text is not an execution policy.", SeeSpec);

    /// <summary>The text is larger or deeper than any policy needs to be.</summary>
    public static readonly ErrorCode TooLarge = new("policy-too-large", ErrorClass.Input, "The policy is larger or more deeply nested than the limits allow.", "Split the policy into fragments.");

    /// <summary>A rule, field or value that the engine does not know.</summary>
    public static readonly ErrorCode Unsupported = new("policy-unsupported", ErrorClass.Input, "The policy says something that this engine does not enforce.", "Remove it; the engine refuses what it cannot enforce, for a permission misread is worse than a policy refused.");

    /// <summary>A field is absent, or its value is of another kind.</summary>
    public static readonly ErrorCode Value = new("policy-value", ErrorClass.Input, "The policy lacks a field, or its value is of another kind or outside its range.", SeeSpec);

    /// <summary>The policy is for another version of the framework.</summary>
    public static readonly ErrorCode Version = new("policy-version", ErrorClass.Input, "The policy's version is missing, malformed, or newer than the engine's.", "Use an engine as new as the policy, or generate the policy for this engine.");

    /// <summary>A regular expression that RE2 would not take, or that is too large.</summary>
    public static readonly ErrorCode Pattern = new("policy-pattern", ErrorClass.Input, "A pattern is not a regular expression as RE2 defines them.", "Correct the pattern; look-around and back-references are not regular and not admitted.");
}
