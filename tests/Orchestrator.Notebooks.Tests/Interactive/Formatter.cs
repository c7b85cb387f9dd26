using Orchestrator.Notebooks.Running;

namespace Microsoft.DotNet.Interactive.Formatting;

/// <summary>Lets a notebook say how values of its types are shown: source-compatible with .NET Interactive's.</summary>
public static class Formatter
{
    /// <summary>Shows values of a type, and of types derived from it, by a function.</summary>
    /// <param name="formatter">Gives the representation.</param>
    /// <param name="mimeType">In which representation.</param>
    public static void Register<T>(Func<T, string> formatter, string mimeType = "text/plain") =>
        CellRun.Current.Formatters.Register(typeof(T), mimeType, value => formatter((T)value));
}
