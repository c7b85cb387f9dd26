using System.Globalization;

namespace Orchestrator.Containers.Policies;

/// <summary>A version of the framework or of its API, <c>major.minor.patch</c>.</summary>
public readonly record struct FrameworkVersion(int Major, int Minor, int Patch) : IComparable<FrameworkVersion>
{
    /// <summary>The framework that the engine implements.</summary>
    public static FrameworkVersion Framework { get; } = new(0, 5, 0);

    /// <summary>The API that the engine implements.</summary>
    public static FrameworkVersion Api { get; } = new(0, 12, 0);

    /// <summary>Reads <c>major.minor.patch</c>.</summary>
    public static bool TryParse(string text, out FrameworkVersion version)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('.');
        int[] numbers = new int[3];
        bool read = parts.Length == 3 && parts.Index().All(part => int.TryParse(part.Item, NumberStyles.None, CultureInfo.InvariantCulture, out numbers[part.Index]));
        version = new FrameworkVersion(numbers[0], numbers[1], numbers[2]);
        return read;
    }

    /// <inheritdoc/>
    public int CompareTo(FrameworkVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    /// <summary>Whether <paramref name="left"/> is the older.</summary>
    public static bool operator <(FrameworkVersion left, FrameworkVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is the newer.</summary>
    public static bool operator >(FrameworkVersion left, FrameworkVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is not the newer.</summary>
    public static bool operator <=(FrameworkVersion left, FrameworkVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is not the older.</summary>
    public static bool operator >=(FrameworkVersion left, FrameworkVersion right) => left.CompareTo(right) >= 0;

    /// <summary><c>major.minor.patch</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");
}
