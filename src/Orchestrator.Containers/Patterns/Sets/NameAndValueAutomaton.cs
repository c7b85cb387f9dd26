namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>Texts <c>NAME=value</c> whose name and value are in a set each; the first <c>=</c> separates them.</summary>
internal sealed class NameAndValueAutomaton(TextAutomaton name, TextAutomaton value) : TextAutomaton
{
    private static readonly CodePointSet Separator = CodePointSet.Range('=', '=');

    // Even states are the name's, odd ones the value's.
    public override int Start => 2 * name.Start;

    public override IEnumerable<CodePointSet> Distinctions => name.Distinctions.Concat(value.Distinctions).Append(Separator);

    public override int Next(int state, int c)
    {
        int inner = state / 2;
        if (state % 2 == 1)
        {
            return Odd(value.Next(inner, c));
        }

        return c != '=' ? 2 * name.Next(inner, c)
            : name.Accepts(inner) ? Odd(value.Start) : Dead;
    }

    public override bool Accepts(int state) => state % 2 == 1 && value.Accepts(state / 2);

    private static int Odd(int inner) => inner == Dead ? Dead : (2 * inner) + 1;
}
