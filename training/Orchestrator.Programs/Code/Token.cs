namespace Orchestrator.Programs.Code;

internal enum TokenKind
{
    Name,
    Integer,
    Real,
    Text,
    Sign,
    NewLine,
    Indent,
    Dedent,
    End,
}

/// <summary>A token of source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters; a text without its quotes.</param>
/// <param name="Line">Where it begins, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line);
