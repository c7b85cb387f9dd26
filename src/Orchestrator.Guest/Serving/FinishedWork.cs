using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Contracts.Stages;
using Orchestrator.Errors;
using Orchestrator.Guest.Processes;
using Orchestrator.Stages;

namespace Orchestrator.Guest.Serving;

/// <summary>Whether the containers of the policy have all done their work: what a stage's outputs are sealed on. Those of fragments may run beside them, and need not.</summary>
/// <param name="processes">That run and have run.</param>
/// <param name="isStarved">Whether the kernel has killed anything in the group for want of memory.</param>
internal sealed class FinishedWork(ProcessTable processes, Func<bool> isStarved)
{
    private readonly Dictionary<string, ImmutableArray<ContainerPolicy>> _created = new(StringComparer.Ordinal);
    private ImmutableArray<ContainerPolicy> _expected = [];

    /// <summary>What the policy expects to be done.</summary>
    public void Expect(ExecutionPolicy policy) => _expected = policy.Containers;

    /// <summary>Notes what a container can be.</summary>
    public void Note(string id, ImmutableArray<ContainerPolicy> candidates)
    {
        lock (_created)
        {
            _created[id] = candidates;
        }
    }

    /// <summary>Requires that each container of the policy was created once, that all containers have ended with 0, and that nothing runs.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupStageErrors.NotDone"/>, or <see cref="StageErrors.MemoryExhausted"/>.</exception>
    public void Require()
    {
        // A container may end with 0 though a part of it was killed; how little memory there is, the host decides.
        if (isStarved())
        {
            throw new OrchestratorException(StageErrors.MemoryExhausted, "A process of the group was killed for want of memory; what the others made may be incomplete.");
        }

        lock (_created)
        {
            string[] failed = [.. _created.Keys.Where(id => processes.InitOf(id) is not { Exit: { IsCompletedSuccessfully: true, Result: 0 } })];
            if (failed.Length > 0 || processes.Running.Any())
            {
                throw new OrchestratorException(GroupStageErrors.NotDone, failed.Length > 0 ? $"Container {failed[0]} has not ended with 0." : "A process still runs.");
            }

            if (!EachIsSomeone())
            {
                throw new OrchestratorException(GroupStageErrors.NotDone, $"{_created.Count} containers have run; the policy's {_expected.Length} have to, each once.");
            }
        }
    }

    // Whether the containers that ran can be the policy's, one each, and the others fragments': a matching, found by making room along the way. Who has
    // a place keeps one, so that those come first who can be nobody else.
    private bool EachIsSomeone()
    {
        var takenBy = new Dictionary<int, ImmutableArray<ContainerPolicy>>();
        ILookup<bool, ImmutableArray<ContainerPolicy>> created = _created.Values.ToLookup(candidates => candidates.Any(candidate => !_expected.Contains(candidate)));
        bool isEachPlaced = created[false].All(candidates => FindPlace(candidates, takenBy, []));
        foreach (ImmutableArray<ContainerPolicy> candidates in created[true])
        {
            FindPlace(candidates, takenBy, []);
        }

        return isEachPlaced && takenBy.Count == _expected.Length;
    }

    private bool FindPlace(ImmutableArray<ContainerPolicy> candidates, Dictionary<int, ImmutableArray<ContainerPolicy>> takenBy, HashSet<int> tried)
    {
        foreach (int place in Enumerable.Range(0, _expected.Length).Where(place => candidates.Contains(_expected[place]) && tried.Add(place)))
        {
            if (!takenBy.TryGetValue(place, out ImmutableArray<ContainerPolicy> other) || FindPlace(other, takenBy, tried))
            {
                takenBy[place] = candidates;
                return true;
            }
        }

        return false;
    }
}
