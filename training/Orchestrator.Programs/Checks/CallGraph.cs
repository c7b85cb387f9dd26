using Orchestrator.Errors;
using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>A call of a function of the archive: who calls, and with what. Arguments begin with the first after self.</summary>
internal sealed record CallSite(FunctionDeclaration Caller, Expression.Call Call);

/// <summary>Which function may call which.</summary>
internal sealed class CallGraph
{
    private readonly Dictionary<string, HashSet<string>> _callees = [];
    private readonly Dictionary<string, List<CallSite>> _sites = [];
    private readonly Dictionary<string, int> _heights = [];

    /// <summary>Notes that a function mentions another, which is as good as a call.</summary>
    public void Add(FunctionDeclaration caller, string callee)
    {
        if (!_callees.TryGetValue(caller.Name, out var callees))
        {
            _callees.Add(caller.Name, callees = []);
        }

        callees.Add(callee);
    }

    /// <summary>Notes a call.</summary>
    public void Add(FunctionDeclaration caller, string callee, Expression.Call call)
    {
        Add(caller, callee);
        if (!_sites.TryGetValue(callee, out var sites))
        {
            _sites.Add(callee, sites = []);
        }

        sites.Add(new CallSite(caller, call));
    }

    public IReadOnlyList<CallSite> SitesOf(string callee) => _sites.TryGetValue(callee, out var sites) ? sites : [];

    /// <summary>Requires that no function comes to call itself, and that chains of calls are short.</summary>
    /// <exception cref="OrchestratorException"><c>program-unbounded</c>, <c>program-too-large</c>.</exception>
    public void Check(IEnumerable<FunctionDeclaration> functions)
    {
        foreach (var function in functions)
        {
            Height(function.Name, []);
        }
    }

    private int Height(string name, List<string> chain)
    {
        if (_heights.TryGetValue(name, out var known))
        {
            return known;
        }

        if (chain.Contains(name))
        {
            throw new OrchestratorException(ProgramErrors.Unbounded, $"the program calls itself: {string.Join(" calls ", chain.SkipWhile(link => link != name).Append(name))}");
        }

        if (chain.Count >= ProgramLimits.MaxCallDepth)
        {
            throw ProgramLimits.Exceeded($"a chain of calls through {name}", $"{ProgramLimits.MaxCallDepth}");
        }

        chain.Add(name);
        var height = 1 + (_callees.TryGetValue(name, out var callees) ? callees.Max(callee => Height(callee, chain)) : 0);
        chain.RemoveAt(chain.Count - 1);
        if (height > ProgramLimits.MaxCallDepth)
        {
            throw ProgramLimits.Exceeded($"a chain of {height} calls through {name}", $"{ProgramLimits.MaxCallDepth}");
        }

        _heights.Add(name, height);
        return height;
    }
}
