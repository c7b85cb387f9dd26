namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>
/// The set of texts that a pattern matches, by the subset construction. A state is what the pattern's automaton waits for, and the kind of
/// character before: which of its anchors hold is settled with the next character.
/// </summary>
internal sealed class PatternAutomaton : TextAutomaton
{
    /// <summary>The most states of the pattern's automaton that are visited.</summary>
    private const int MaxVisits = 1_000_000;

    /// <summary>The most states of a pattern about which anything is decided.</summary>
    private const int MaxStates = 2_000;

    private readonly RegexProgram _program;
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly List<(int[] Waiting, int Before)> _states = [];
    private readonly Dictionary<(int State, int Character), int> _next = [];
    private readonly HashSet<int> _reached = [];
    private readonly Stack<int> _pending = new();
    private int _visits;

    public PatternAutomaton(Re2Pattern pattern)
    {
        _program = pattern.Program;
        Intern([], -1);
        Start = Intern([_program.Start], -1);
    }

    public override int Start { get; }

    public override IEnumerable<CodePointSet> Distinctions => _program.States
        .Where(state => state.Step == Step.Consume).Select(state => state.Set!).Distinct()
        .Concat(_program.States.Any(state => state.Step == Step.Check) ? [CodePointSet.WordCharacters, CodePointSet.Range('\n', '\n')] : []);

    /// <summary>Whether the automaton of <paramref name="pattern"/> has too many states. Asked once, it spares many questions that would end nowhere.</summary>
    public static bool IsLarge(Re2Pattern pattern)
    {
        var automaton = new PatternAutomaton(pattern);
        int[] alphabet = Alphabet.Of(automaton.Distinctions);
        try
        {
            // Following a state may make others, which stand behind it.
            for (int state = automaton.Start; state < automaton._states.Count && state <= MaxStates; state++)
            {
                foreach (int c in alphabet)
                {
                    automaton.Next(state, c);
                }
            }

            return automaton._states.Count > MaxStates;
        }
        catch (TooLargeException)
        {
            return true;
        }
    }

    public override int Next(int state, int c)
    {
        if (!_next.TryGetValue((state, c), out int next))
        {
            (int[] waiting, int before) = _states[state];
            Reach(waiting, new Place(before, c));
            int[] following = [.. _reached.Select(reached => _program.States[reached]).Where(step => step.Step == Step.Consume && step.Set!.Contains(c)).Select(step => step.Next).Distinct().Order()];
            next = following.Length == 0 ? Dead : Intern(following, KindOf(c));
            _next.Add((state, c), next);
        }

        return next;
    }

    public override bool Accepts(int state)
    {
        (int[] waiting, int before) = _states[state];
        Reach(waiting, new Place(before, -1));
        return _reached.Contains(0);
    }

    // Anchors look at no more of a character than this.
    private static int KindOf(int c) => c == '\n' ? c : CodePointSet.WordCharacters.Contains(c) ? 'w' : ' ';

    private int Intern(int[] waiting, int before)
    {
        string key = $"{before}:{string.Join(',', waiting)}";
        if (!_known.TryGetValue(key, out int state))
        {
            state = _states.Count;
            _states.Add((waiting, before));
            _known.Add(key, state);
        }

        return state;
    }

    private void Reach(int[] waiting, Place place)
    {
        _reached.Clear();
        foreach (int state in waiting)
        {
            _pending.Push(state);
        }

        while (_pending.TryPop(out int state))
        {
            if (!_reached.Add(state))
            {
                continue;
            }

            if (++_visits > MaxVisits)
            {
                _pending.Clear();
                throw new TooLargeException();
            }

            Instruction instruction = _program.States[state];
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
}
