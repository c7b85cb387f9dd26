using System.Collections.Immutable;

namespace Orchestrator.Containers.Enforcement;

/// <summary>Collects why a request is refused, in the published framework's words. None: it is admitted.</summary>
internal sealed class Reasons
{
    private SortedSet<string>? _errors;

    /// <summary>Whether nothing speaks against the request so far.</summary>
    public bool None => _errors is null;

    /// <summary>Notes <paramref name="error"/> unless <paramref name="holds"/>.</summary>
    public Reasons Require(bool holds, string error)
    {
        if (!holds)
        {
            (_errors ??= new(StringComparer.Ordinal)).Add(error);
        }

        return this;
    }

    /// <summary>The refusal.</summary>
    public Decision Refuse(GroupState state) => new(false, state) { Errors = [.. _errors ?? []] };

    /// <summary>The refusal, or where nothing speaks against it <paramref name="admit"/>.</summary>
    public Decision Decide(GroupState state, Func<GroupState> admit) => None ? new Decision(true, admit()) : Refuse(state);
}
