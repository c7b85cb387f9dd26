namespace Orchestrator.Containers.Patterns;

/// <summary>A place in a text: the characters on both sides; -1 where there is none.</summary>
internal readonly record struct Place(int Before, int After)
{
    /// <summary>Whether the place is what <paramref name="anchor"/> asks for.</summary>
    public bool Is(Anchor anchor) => anchor switch
    {
        Anchor.TextStart => Before < 0,
        Anchor.TextEnd => After < 0,
        Anchor.LineStart => Before is < 0 or '\n',
        Anchor.LineEnd => After is < 0 or '\n',
        Anchor.WordBoundary => IsWord(Before) != IsWord(After),
        Anchor.NoWordBoundary => IsWord(Before) == IsWord(After),
        _ => false,
    };

    private static bool IsWord(int c) => CodePointSet.WordCharacters.Contains(c);
}

/// <summary>The states that an automaton can be in at one place of a text.</summary>
internal sealed class StateSet(RegexProgram program)
{
    private readonly Stack<int> _pending = new();
    private HashSet<int> _states = [];
    private HashSet<int> _spare = [];

    /// <summary>Whether the text may end here.</summary>
    public bool Accepts => _states.Contains(0);

    /// <summary>Adds a state and all that it leads to at <paramref name="place"/> without a character.</summary>
    public void Enter(int state, Place place)
    {
        _pending.Push(state);
        while (_pending.TryPop(out int next))
        {
            if (!_states.Add(next))
            {
                continue;
            }

            Instruction instruction = program.States[next];
            if (instruction.Step == Step.Split)
            {
                _pending.Push(instruction.Other);
                _pending.Push(instruction.Next);
            }
            else if (instruction.Step == Step.Check && place.Is(instruction.Anchor))
            {
                _pending.Push(instruction.Next);
            }
        }
    }

    /// <summary>Goes over <paramref name="c"/> to the place behind it.</summary>
    public void Consume(int c, Place place)
    {
        (_states, _spare) = (_spare, _states);
        _states.Clear();
        foreach (int state in _spare)
        {
            Instruction instruction = program.States[state];
            if (instruction.Step == Step.Consume && instruction.Set!.Contains(c))
            {
                Enter(instruction.Next, place);
            }
        }
    }
}
