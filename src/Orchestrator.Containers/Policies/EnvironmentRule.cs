using Orchestrator.Containers.Patterns.Sets;

namespace Orchestrator.Containers.Policies;

/// <summary>Environment variables that a process may have.</summary>
public abstract record EnvironmentRule(bool Required)
{
    /// <summary>Whether <paramref name="variable"/>, <c>NAME=value</c>, is permitted.</summary>
    public abstract bool Permits(string variable);

    /// <summary>All variables that are permitted.</summary>
    internal abstract TextSet Variables { get; }

    /// <summary>One rule over <c>NAME=value</c>.</summary>
    public sealed record Whole(TextRule Variable, bool Required) : EnvironmentRule(Required)
    {
        /// <inheritdoc/>
        public override bool Permits(string variable) => Variable.Permits(variable);

        internal override TextSet Variables => Variable.Texts;
    }

    /// <summary>A rule each over name and value, which the first <c>=</c> separates; since framework 0.5.0.</summary>
    public sealed record NameAndValue(TextRule Name, TextRule Value, bool Required) : EnvironmentRule(Required)
    {
        /// <inheritdoc/>
        public override bool Permits(string variable)
        {
            ArgumentNullException.ThrowIfNull(variable);
            int separator = variable.IndexOf('=', StringComparison.Ordinal);
            return separator >= 0 && Name.Permits(variable[..separator]) && Value.Permits(variable[(separator + 1)..]);
        }

        internal override TextSet Variables => TextSet.NameAndValue(Name.Texts, Value.Texts);
    }
}
