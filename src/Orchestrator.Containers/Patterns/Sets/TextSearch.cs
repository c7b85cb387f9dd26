using System.Text;

namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>Looks for a shortest text of a set, breadth first over the states of all its automata together.</summary>
internal static class TextSearch
{
    /// <summary>The most combinations of states.</summary>
    private const int MaxStates = 20_000;

    /// <summary>The most steps of single automata.</summary>
    private const int MaxSteps = 1_000_000;

    /// <summary>The search.</summary>
    public static TextSearchResult Shortest(TextSet set)
    {
        TextAutomaton[] automata = [.. set.Automata];
        int[] alphabet = Alphabet.Of(automata.SelectMany(automaton => automaton.Distinctions));
        try
        {
            return Search(set, automata, alphabet);
        }
        catch (TooLargeException)
        {
            return new TextSearchResult(false, null);
        }
    }

    private static TextSearchResult Search(TextSet set, TextAutomaton[] automata, int[] alphabet)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var queue = new Queue<Reached>();
        int steps = 0;
        Enter(new Reached([.. automata.Select(automaton => automaton.Start)], null, -1));
        while (queue.TryDequeue(out Reached? reached))
        {
            if (set.Contains(automaton => automaton.Accepts(reached.States[Array.IndexOf(automata, automaton)])))
            {
                return new TextSearchResult(true, reached.Text());
            }

            steps += alphabet.Length * automata.Length;
            if (steps > MaxSteps)
            {
                throw new TooLargeException();
            }

            foreach (int c in alphabet)
            {
                Enter(new Reached([.. automata.Zip(reached.States, (automaton, state) => state == TextAutomaton.Dead ? state : automaton.Next(state, c))], reached, c));
            }
        }

        return new TextSearchResult(true, null);

        void Enter(Reached next)
        {
            if (set.IsWithinReach(automaton => next.States[Array.IndexOf(automata, automaton)] != TextAutomaton.Dead) && known.Add(string.Join(',', next.States)))
            {
                queue.Enqueue(known.Count > MaxStates ? throw new TooLargeException() : next);
            }
        }
    }

    private sealed record Reached(int[] States, Reached? From, int Character)
    {
        public string Text()
        {
            var characters = new Stack<int>();
            for (Reached reached = this; reached.From is not null; reached = reached.From)
            {
                characters.Push(reached.Character);
            }

            var text = new StringBuilder();
            foreach (int c in characters)
            {
                text.Append(new Rune(c));
            }

            return text.ToString();
        }
    }
}
