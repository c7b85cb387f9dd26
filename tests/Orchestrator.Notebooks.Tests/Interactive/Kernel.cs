using Microsoft.AspNetCore.Html;
using Orchestrator.Notebooks.Running;

namespace Microsoft.DotNet.Interactive;

#pragma warning disable IDE1006 // Cells call these names.

/// <summary>
/// What every C# cell of .NET Interactive can call without a <c>using</c>: source-compatible with
/// <c>Microsoft.DotNet.Interactive.Kernel</c>, as far as this tree's notebooks go.
/// </summary>
public static class Kernel
{
    /// <summary>Shows a value below the running cell.</summary>
    /// <param name="value">The value.</param>
    /// <param name="mimeTypes">In which representations; none leaves it to the value's type.</param>
    public static void display(object? value, params string[] mimeTypes) => CellRun.Current.Display(value, mimeTypes);

    /// <summary>Marks a text as HTML.</summary>
    public static IHtmlContent HTML(string content) => new HtmlString(content);
}
