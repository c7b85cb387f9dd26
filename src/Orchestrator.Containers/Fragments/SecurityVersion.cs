using System.Globalization;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Fragments;

/// <summary>A security version number: whoever knows a flaw in one demands a higher one. A whole number; formerly <c>1.2.3</c>.</summary>
public abstract record SecurityVersion
{
    /// <summary>A whole number.</summary>
    public sealed record Whole(ulong Value) : SecurityVersion
    {
        /// <inheritdoc/>
        public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The former kind.</summary>
    public sealed record Dotted(FrameworkVersion Value) : SecurityVersion
    {
        /// <inheritdoc/>
        public override string ToString() => Value.ToString();
    }

    /// <summary>Reads a number; null: it is none.</summary>
    public static SecurityVersion? TryParse(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? new Whole(value)
        : FrameworkVersion.TryParse(text, out FrameworkVersion version) ? new Dotted(version)
        : null;

    /// <summary>Whether it is at least <paramref name="minimum"/>; null: they are of different kinds.</summary>
    public bool? Reaches(SecurityVersion minimum) => (this, minimum) switch
    {
        (Whole own, Whole least) => own.Value >= least.Value,
        (Dotted own, Dotted least) => own.Value >= least.Value,
        _ => null,
    };
}
