namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>What a search for a text of a set found.</summary>
/// <param name="Decided">False: the search met its limit, and nothing is known.</param>
/// <param name="Text">A shortest text of the set; null where it is decided: the set is empty.</param>
internal readonly record struct TextSearchResult(bool Decided, string? Text)
{
    /// <summary>Whether the set is known to have no text.</summary>
    public bool IsEmpty => Decided && Text is null;
}

/// <summary>A regular set of texts: what patterns match, and what is made of that by and, or and not.</summary>
internal abstract record TextSet
{
    /// <summary>Every text.</summary>
    public static TextSet All { get; } = new NoneSet().Complement();

    /// <summary>No text.</summary>
    public static TextSet None { get; } = new NoneSet();

    /// <summary>One text.</summary>
    public static TextSet Exactly(string text) => new Leaf(new ExactAutomaton(text));

    /// <summary>The texts that a pattern matches as a whole.</summary>
    public static TextSet Matching(Re2Pattern pattern) => new Leaf(pattern.IsLarge ? new LargeAutomaton() : new PatternAutomaton(pattern));

    /// <summary>Texts <c>NAME=value</c>, of which the first <c>=</c> separates both; each is one text or what one pattern matches.</summary>
    internal static TextSet NameAndValue(TextSet name, TextSet value) => new Leaf(new NameAndValueAutomaton(((Leaf)name).Automaton, ((Leaf)value).Automaton));

    /// <summary>The texts of any of <paramref name="sets"/>.</summary>
    public static TextSet AnyOf(IEnumerable<TextSet> sets) => sets.Aggregate(None, (left, right) => left is NoneSet ? right : new Either(left, right));

    /// <summary>The texts of both.</summary>
    public TextSet And(TextSet other) => new Both(this, other);

    /// <summary>The texts of this set that are not in <paramref name="other"/>.</summary>
    public TextSet Except(TextSet other) => And(other.Complement());

    /// <summary>The texts that are not in this set.</summary>
    public TextSet Complement() => new Other(this);

    /// <summary>Looks for a shortest text.</summary>
    public TextSearchResult Shortest() => TextSearch.Shortest(this);

    /// <summary>The automata that the set is made of, each once.</summary>
    internal abstract IEnumerable<TextAutomaton> Automata { get; }

    /// <summary>Whether a text is in the set, by which automata accept it.</summary>
    internal abstract bool Contains(Func<TextAutomaton, bool> accepts);

    /// <summary>Whether a longer text may be in the set, by which automata may still accept one.</summary>
    internal abstract bool IsWithinReach(Func<TextAutomaton, bool> lives);

    private sealed record NoneSet : TextSet
    {
        internal override IEnumerable<TextAutomaton> Automata => [];

        internal override bool Contains(Func<TextAutomaton, bool> accepts) => false;

        internal override bool IsWithinReach(Func<TextAutomaton, bool> lives) => false;
    }

    private sealed record Leaf(TextAutomaton Automaton) : TextSet
    {
        internal override IEnumerable<TextAutomaton> Automata => [Automaton];

        internal override bool Contains(Func<TextAutomaton, bool> accepts) => accepts(Automaton);

        internal override bool IsWithinReach(Func<TextAutomaton, bool> lives) => lives(Automaton);
    }

    private sealed record Both(TextSet Left, TextSet Right) : TextSet
    {
        internal override IEnumerable<TextAutomaton> Automata => Left.Automata.Union(Right.Automata);

        internal override bool Contains(Func<TextAutomaton, bool> accepts) => Left.Contains(accepts) && Right.Contains(accepts);

        internal override bool IsWithinReach(Func<TextAutomaton, bool> lives) => Left.IsWithinReach(lives) && Right.IsWithinReach(lives);
    }

    private sealed record Either(TextSet Left, TextSet Right) : TextSet
    {
        internal override IEnumerable<TextAutomaton> Automata => Left.Automata.Union(Right.Automata);

        internal override bool Contains(Func<TextAutomaton, bool> accepts) => Left.Contains(accepts) || Right.Contains(accepts);

        internal override bool IsWithinReach(Func<TextAutomaton, bool> lives) => Left.IsWithinReach(lives) || Right.IsWithinReach(lives);
    }

    private sealed record Other(TextSet Inner) : TextSet
    {
        internal override IEnumerable<TextAutomaton> Automata => Inner.Automata;

        internal override bool Contains(Func<TextAutomaton, bool> accepts) => !Inner.Contains(accepts);

        internal override bool IsWithinReach(Func<TextAutomaton, bool> lives) => true;
    }
}
