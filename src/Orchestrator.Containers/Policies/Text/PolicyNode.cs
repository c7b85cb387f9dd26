using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies.Text;

/// <summary>A value in a policy's text, with its place.</summary>
public abstract record PolicyNode(TextPosition Position);

/// <summary><c>null</c>.</summary>
public sealed record NullNode(TextPosition Position) : PolicyNode(Position);

/// <summary><c>true</c> or <c>false</c>.</summary>
public sealed record BooleanNode(TextPosition Position, bool Value) : PolicyNode(Position);

/// <summary>An integer.</summary>
public sealed record IntegerNode(TextPosition Position, long Value) : PolicyNode(Position);

/// <summary>A string, quoted or raw.</summary>
public sealed record StringNode(TextPosition Position, string Value) : PolicyNode(Position);

/// <summary><c>[a, b]</c>.</summary>
public sealed record ArrayNode(TextPosition Position, ImmutableArray<PolicyNode> Items) : PolicyNode(Position);

/// <summary><c>{"name": value}</c>; names are unique.</summary>
public sealed record ObjectNode(TextPosition Position, ImmutableArray<KeyValuePair<string, PolicyNode>> Members) : PolicyNode(Position);

/// <summary><c>parameter("name").field</c>: what whoever loads a fragment puts there.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Name">The parameter.</param>
/// <param name="Fields">Members of its value, the outer one first.</param>
public sealed record ParameterNode(TextPosition Position, string Name, ImmutableArray<string> Fields) : PolicyNode(Position);

/// <summary>A path such as <c>data.framework.mount_device</c>.</summary>
public sealed record ReferenceNode(TextPosition Position, string Path) : PolicyNode(Position);
