namespace Orchestrator.Programs.Checks;

/// <summary>Variables of a block and their types; null is a type that is not known. Blocks within it have scopes of their own.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, ProgramType?> _variables = [];

    /// <summary>Whether a variable is defined, and what type it has.</summary>
    public bool TryGet(string name, out ProgramType? type)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out type))
            {
                return true;
            }
        }

        type = null;
        return false;
    }

    public void Set(string name, ProgramType? type) => _variables[name] = type;

    /// <summary>What is known after one of two blocks ran: variables that both define, with types on which both agree.</summary>
    public void Merge(Scope first, Scope second)
    {
        foreach (var name in first._variables.Keys.Union(second._variables.Keys))
        {
            if (first.TryGet(name, out var one) && second.TryGet(name, out var other))
            {
                Set(name, one is not null && one.Equals(other) ? one : null);
            }
        }
    }

    /// <summary>What is known after a block ran any number of times, none included.</summary>
    public void MergeLoop(Scope body)
    {
        foreach (var (name, type) in body._variables)
        {
            if (TryGet(name, out var before))
            {
                Set(name, before is not null && before.Equals(type) ? before : null);
            }
        }
    }

    private Scope? Outer => outer;
}
