using Orchestrator.Errors;

namespace Orchestrator.Containers.Fragments;

/// <summary>Ways in which a policy fragment fails, besides those of its text (<see cref="PolicyErrors"/>).</summary>
public static class FragmentErrors
{
    /// <summary>The envelope, its signature, chain or issuer.</summary>
    public static readonly ErrorCode Invalid = new("fragment-invalid", ErrorClass.Integrity, "The fragment's envelope is malformed, or its signature, certificates or issuer are not what it says.", "Get the fragment from its issuer again; if its certificates expired, it needs a time stamp or a new signature.");

    /// <summary>No reference lets it in.</summary>
    public static readonly ErrorCode Refused = new("fragment-refused", ErrorClass.Refused, "The policy does not admit the fragment.", "Load a fragment that the policy refers to, the parents of nested ones first; or have the policy refer to this one, once you know who signed it.");

    /// <summary>A parameter that is missing, unknown, or not of the shape that the fragment expects.</summary>
    public static readonly ErrorCode Parameter = new("fragment-parameter", ErrorClass.Input, "A parameter of the fragment is missing, unknown, or of another shape.", "Give the parameters that the fragment declares in parameters_api, in the reference to it.");
}
