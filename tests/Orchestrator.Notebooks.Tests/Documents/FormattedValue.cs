namespace Orchestrator.Notebooks.Documents;

/// <summary>A value in one representation.</summary>
/// <param name="MimeType">Which, e.g. <c>text/html</c>.</param>
/// <param name="Text">The representation.</param>
public sealed record FormattedValue(string MimeType, string Text);
