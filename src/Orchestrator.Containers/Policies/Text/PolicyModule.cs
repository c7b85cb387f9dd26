using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies.Text;

/// <summary>The text of a policy or fragment, parsed and not yet understood.</summary>
/// <param name="Package">The name after <c>package</c>.</param>
/// <param name="Rules">Every <c>name := value</c>, in the text's order; names are unique.</param>
public sealed record PolicyModule(string Package, ImmutableArray<PolicyRule> Rules);

/// <summary>One <c>name := value</c>.</summary>
public sealed record PolicyRule(string Name, PolicyNode Value, TextPosition Position);
