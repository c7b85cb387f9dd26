using Microsoft.DotNet.Interactive.Formatting.TabularData;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;

namespace System;

/// <summary>The extension methods by which a cell shows a value, where .NET Interactive has them.</summary>
public static class DisplayExtensions
{
    /// <inheritdoc cref="Microsoft.DotNet.Interactive.Kernel.display"/>
    public static void Display(this object? value, params string[] mimeTypes) => CellRun.Current.Display(value, mimeTypes);

    /// <summary>Shows a text that is in a representation of its own already, such as <c>image/svg+xml</c>.</summary>
    public static void DisplayAs(this string value, string mimeType) => CellRun.Current.Show([new FormattedValue(mimeType, value)]);

    /// <summary>Shows a sequence as a table, a column a property.</summary>
    public static void DisplayTable<T>(this IEnumerable<T> value, params string[] mimeTypes) =>
        CellRun.Current.Display(TabularDataResource.From(value), mimeTypes);
}
