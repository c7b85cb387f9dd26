using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Containers.Denials;

/// <summary>
/// A refusal in the form that tools of the published system look for in messages: <c>policyDecision&lt; BASE64 &gt;policyDecision</c>, around a JSON
/// object with the request, the decision and its reason (docs/spec/execution-policy.md, "Denials"). Values of variables are left out.
/// </summary>
/// <param name="policy">That refused.</param>
/// <param name="environment">What the guest adds to it.</param>
public sealed class DenialEnvelope(ExecutionPolicy policy, GroupEnvironment environment)
{
    /// <summary>The longest envelope, in characters; what makes one longer is left out, and named.</summary>
    public const int MaxLength = 3 * 1024;

    private const string Start = "policyDecision< ";
    private const string End = " >policyDecision";
    private const string LacksRule = "The policy has no rule for this request; correct the policy, or generate it anew.";

    private readonly Permissions _permissions = new(policy);

    /// <summary>Writes the envelope of a refusal.</summary>
    /// <param name="state">In which it was asked.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="refusal">The engine's answer.</param>
    public string Write(GroupState state, EnforcementRequest request, Decision refusal)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(refusal);
        var decision = new JsonObject { ["decision"] = "deny", ["input"] = Redact(request) };
        if (refusal.LacksRule)
        {
            decision["policyError"] = string.Join("; ", refusal.Errors);
            decision["reason"] = LacksRule;
        }
        else
        {
            decision["reason"] = Reason(state, request, refusal);
        }

        return Fit(decision);
    }

    /// <summary>The JSON object within an envelope, wherever in <paramref name="message"/> it stands; null: there is none.</summary>
    public static JsonObject? Find(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        int start = message.IndexOf(Start, StringComparison.Ordinal);
        int end = start < 0 ? -1 : message.IndexOf(End, start, StringComparison.Ordinal);
        try
        {
            return end < 0 ? null : JsonNode.Parse(Convert.FromBase64String(message[(start + Start.Length)..end])) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static string Fit(JsonObject decision)
    {
        string envelope = Wrap(decision);
        (string Name, Action Remove)[] parts =
        [
            ("reason.error_objects", () => (decision["reason"] as JsonObject)?.Remove("error_objects")),
            ("input", () => decision.Remove("input")),
            ("reason", () => decision.Remove("reason")),
        ];
        var removed = new List<string>();
        foreach ((string name, Action remove) in parts)
        {
            if (envelope.Length <= MaxLength)
            {
                break;
            }

            remove();
            removed.Add(name);
            decision["truncated"] = new JsonArray([.. removed.Select(part => JsonValue.Create(part))]);
            envelope = Wrap(decision);
        }

        return envelope;
    }

    private static string Wrap(JsonObject decision) => Start + Convert.ToBase64String(Encoding.UTF8.GetBytes(decision.ToJsonString())) + End;

    private JsonObject Redact(EnforcementRequest request)
    {
        JsonObject input = RequestJson.Write(request);
        input["rule"] = request.Point;
        if (input["envList"] is JsonArray variables)
        {
            input["envList"] = new JsonArray([.. variables.Select(variable => JsonValue.Create(((string)variable!).Split('=')[0] + "=<<redacted>>"))]);
        }

        return Abbreviate(input);
    }

    private JsonObject Reason(GroupState state, EnforcementRequest request, Decision refusal)
    {
        JsonNode[]? objects = Permitted(state, request)?.Select(node => (JsonNode)Abbreviate(JsonNode.Parse(NodePrinter.Line(node, ":", ","))!.AsObject())).ToArray();
        return new JsonObject
        {
            ["errors"] = new JsonArray([.. refusal.Errors.Select(error => JsonValue.Create(error))]),
            ["error_objects"] = objects is null ? null : new JsonArray(objects),
        };
    }

    private IEnumerable<PolicyNode>? Permitted(GroupState state, EnforcementRequest request) => request switch
    {
        CreateContainer create => CandidatesOf(state, create.ContainerId).Select(container => PolicyEncoder.Encode(container, labelled: true)),
        ExecInContainer exec => CandidatesOf(state, exec.ContainerId).SelectMany(container => container.ExecProcesses).Select(PolicyEncoder.Encode),
        ExecExternal => _permissions.ExternalProcesses(state).Select(PolicyEncoder.Encode),
        OfferFragment or LoadFragment => _permissions.Fragments(state).Select(PolicyEncoder.Encode),
        _ => null,
    };

    private static ImmutableArray<ContainerPolicy> CandidatesOf(GroupState state, string id) => state.Candidates.GetValueOrDefault(id, []);

    // The default sets are long and say little.
    private JsonObject Abbreviate(JsonObject owner)
    {
        if (owner["capabilities"] is JsonObject sets)
        {
            ImmutableArray<string> all = environment.DefaultPrivilegedCapabilities;
            ImmutableArray<string> some = environment.DefaultCapabilities;
            owner["capabilities"] = Equals(sets, new CapabilitySets(all, all, all, all, [])) ? "[privileged]"
                : Equals(sets, new CapabilitySets(some, some, [], some, [])) ? "[unprivileged]"
                : sets.DeepClone();
        }

        return owner;
    }

    private static bool Equals(JsonObject sets, CapabilitySets defaults) => JsonNode.DeepEquals(sets, RequestJson.Write(defaults));
}
