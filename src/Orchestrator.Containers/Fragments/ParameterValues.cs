using System.Collections.Immutable;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Fragments;

/// <summary>What a fragment's parameters are in one use of it.</summary>
internal sealed class ParameterValues
{
    /// <summary>Values that parameters may put into one fragment, each as often as it is used.</summary>
    public const int MaxNodes = 1 << 20;

    private readonly ImmutableSortedDictionary<string, PolicyNode> _values;
    private int _nodes;

    private ParameterValues(ImmutableSortedDictionary<string, PolicyNode> values) => _values = values;

    /// <summary>Takes what is given, and the defaults for the rest.</summary>
    /// <param name="declared">By name; null: there is no default.</param>
    /// <param name="given">By name.</param>
    /// <exception cref="OrchestratorException"><see cref="FragmentErrors.Parameter"/>.</exception>
    public static ParameterValues From(ImmutableSortedDictionary<string, PolicyNode?> declared, ImmutableSortedDictionary<string, PolicyNode> given)
    {
        string? unknown = given.Keys.FirstOrDefault(name => !declared.ContainsKey(name));
        return unknown is null
            ? new ParameterValues(declared.Where(pair => pair.Value is not null).ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal).SetItems(given))
            : throw new OrchestratorException(FragmentErrors.Parameter, $"The fragment has no parameter \"{unknown}\".");
    }

    /// <summary>The value with every parameter replaced.</summary>
    /// <exception cref="OrchestratorException"><see cref="FragmentErrors.Parameter"/>.</exception>
    public PolicyNode Resolve(PolicyNode node) => node switch
    {
        ParameterNode parameter => Look(parameter),
        ArrayNode array => array with { Items = [.. array.Items.Select(Resolve)] },
        ObjectNode owner => owner with { Members = [.. owner.Members.Select(member => KeyValuePair.Create(member.Key, Resolve(member.Value)))] },
        _ => node,
    };

    private PolicyNode Look(ParameterNode parameter)
    {
        PolicyNode value = _values.GetValueOrDefault(parameter.Name)
            ?? throw new OrchestratorException(FragmentErrors.Parameter, $"{parameter.Position}: nobody says what the parameter \"{parameter.Name}\" is, and it has no default.");
        foreach (string field in parameter.Fields)
        {
            value = (value as ObjectNode)?.Members.FirstOrDefault(member => member.Key == field).Value
                ?? throw new OrchestratorException(FragmentErrors.Parameter, $"{parameter.Position}: the parameter \"{parameter.Name}\" has no member \"{field}\".");
        }

        if ((_nodes += SizeOf(value)) > MaxNodes)
        {
            throw new OrchestratorException(FragmentErrors.Parameter, $"{parameter.Position}: the parameters put more than {MaxNodes} values into the fragment.");
        }

        // A value holds no parameters: it was resolved where it was given, and a default is a constant.
        return value;
    }

    private static int SizeOf(PolicyNode node) => 1 + node switch
    {
        ArrayNode array => array.Items.Sum(SizeOf),
        ObjectNode owner => owner.Members.Sum(member => SizeOf(member.Value)),
        _ => 0,
    };
}
