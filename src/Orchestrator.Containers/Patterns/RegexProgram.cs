using System.Collections.Immutable;

namespace Orchestrator.Containers.Patterns;

/// <summary>What one state of the automaton does.</summary>
internal enum Step
{
    /// <summary>Consumes a character of the set, then goes on at <c>Next</c>.</summary>
    Consume,

    /// <summary>Goes on at <c>Next</c> and at <c>Other</c>.</summary>
    Split,

    /// <summary>Goes on at <c>Next</c> where the place is the anchor's.</summary>
    Check,

    /// <summary>The text may end here.</summary>
    Accept,
}

/// <summary>One state.</summary>
internal readonly record struct Instruction(Step Step, int Next, int Other = 0, CodePointSet? Set = null, Anchor Anchor = default);

/// <summary>A regular expression as a nondeterministic automaton (Thompson 1968). State 0 accepts; <see cref="Start"/> begins.</summary>
internal sealed class RegexProgram
{
    /// <summary>The most states; a repetition counts its body as often as it repeats it.</summary>
    public const int MaxStates = 20_000;

    private readonly ImmutableArray<Instruction>.Builder _states = ImmutableArray.CreateBuilder<Instruction>();

    private RegexProgram(RegexNode node)
    {
        Add(new Instruction(Step.Accept, 0));
        Start = Compile(node, 0);
        States = _states.ToImmutable();
    }

    /// <summary>All states.</summary>
    public ImmutableArray<Instruction> States { get; }

    /// <summary>The state before the first character.</summary>
    public int Start { get; }

    /// <summary>Makes the automaton of <paramref name="node"/>.</summary>
    /// <exception cref="FormatException">It would have more than <see cref="MaxStates"/> states.</exception>
    public static RegexProgram Compile(RegexNode node) => new(node);

    // Compiles backwards: the state to go on at is known before the one that goes there.
    private int Compile(RegexNode node, int next) => node switch
    {
        RegexNode.Character character => Add(new Instruction(Step.Consume, next, Set: character.Set)),
        RegexNode.At at => Add(new Instruction(Step.Check, next, Anchor: at.Anchor)),
        RegexNode.Sequence sequence => sequence.Parts.Reverse().Aggregate(next, (target, part) => Compile(part, target)),
        RegexNode.Choice choice => choice.Options.Select(option => Compile(option, next)).Aggregate((left, right) => Add(new Instruction(Step.Split, left, right))),
        RegexNode.Repeat repeat => CompileRepeat(repeat, next),
        _ => throw new InvalidOperationException(),
    };

    private int CompileRepeat(RegexNode.Repeat repeat, int next)
    {
        int target = next;
        if (repeat.Most is null)
        {
            int loop = Add(new Instruction(Step.Split, next, next));
            _states[loop] = new Instruction(Step.Split, Compile(repeat.Body, loop), next);
            target = loop;
        }
        else
        {
            for (int optional = repeat.Least; optional < repeat.Most; optional++)
            {
                target = Add(new Instruction(Step.Split, Compile(repeat.Body, target), next));
            }
        }

        for (int required = 0; required < repeat.Least; required++)
        {
            target = Compile(repeat.Body, target);
        }

        return target;
    }

    private int Add(Instruction instruction)
    {
        if (_states.Count == MaxStates)
        {
            throw new FormatException($"it needs more than {MaxStates} states");
        }

        _states.Add(instruction);
        return _states.Count - 1;
    }
}
