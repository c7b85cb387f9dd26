using System.Text;

namespace Orchestrator.Training.Programs;

/// <summary>The class of the object that an archive holds: the first thing that data.pkl names.</summary>
/// <param name="Qualifier">Module path, such as <c>__torch__.models</c>.</param>
/// <param name="Name">Class name.</param>
internal sealed record RootClass(string Qualifier, string Name)
{
    /// <summary>Most bytes of data.pkl: names and sizes, while the numbers are in files of their own.</summary>
    public const int MaxBytes = 64 << 20;

    private const int MaxNameBytes = 4096;

    // PROTO 2, then GLOBAL: two lines of text (Python's pickletools).
    private static ReadOnlySpan<byte> Start => [0x80, 0x02, (byte)'c'];

    /// <summary>Where the class's source is, within the archive's code folder.</summary>
    public string SourcePath => Qualifier.Replace('.', '/') + ".py";

    /// <summary>Reads it.</summary>
    public static RootClass In(ReadOnlySpan<byte> pickle)
    {
        if (!pickle.StartsWith(Start))
        {
            throw ProgramArchive.NotTorchScript("does not begin with the root object's class in data.pkl");
        }

        var text = pickle[Start.Length..];
        var qualifier = NextLine(ref text);
        return new RootClass(qualifier, NextLine(ref text));
    }

    /// <summary>The lines of the class in its source file, or null if it is not there.</summary>
    public string? BodyIn(string source)
    {
        var lines = source.Split('\n');
        var first = Array.FindIndex(lines, line => line.StartsWith($"class {Name}(", StringComparison.Ordinal));
        return first < 0 ? null : string.Join('\n', lines.Skip(first).TakeWhile((line, index) => index == 0 || IsInside(line)));
    }

    private static bool IsInside(string line) => line.Length == 0 || line[0] == ' ';

    private static string NextLine(ref ReadOnlySpan<byte> text)
    {
        var end = text[..Math.Min(text.Length, MaxNameBytes)].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw ProgramArchive.NotTorchScript("has no class name in data.pkl");
        }

        var line = Encoding.UTF8.GetString(text[..end]);
        text = text[(end + 1)..];
        return line;
    }
}
