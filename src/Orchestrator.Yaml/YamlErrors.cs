using Orchestrator.Errors;

namespace Orchestrator.Yaml;

/// <summary>Ways in which a YAML file fails to be what its specification says. Every message names file, line and column.</summary>
public static class YamlErrors
{
    private const string SeeSpec = "Correct the line; docs/spec holds the file's format with an example.";

    /// <summary>Not YAML, or YAML with anchors, tags or several documents.</summary>
    public static readonly ErrorCode Syntax = new("yaml-syntax", ErrorClass.Input, "The file is not one plain YAML document.", SeeSpec);

    /// <summary>Larger or deeper than any file of its kind needs to be.</summary>
    public static readonly ErrorCode TooLarge = new("yaml-too-large", ErrorClass.Input, "The file is larger or more deeply nested than its format allows.", SeeSpec);

    /// <summary>A key that the format does not have.</summary>
    public static readonly ErrorCode UnknownKey = new("yaml-unknown-key", ErrorClass.Input, "The file has a key that its format does not know.", "Remove the key or correct its spelling; unknown keys are refused because they would be silently without effect.");

    /// <summary>A key that the format requires is absent.</summary>
    public static readonly ErrorCode MissingKey = new("yaml-missing-key", ErrorClass.Input, "The file lacks a key that its format requires.", "Add the key; docs/spec holds the file's format with an example.");

    /// <summary>A value of another kind, or outside its range.</summary>
    public static readonly ErrorCode Value = new("yaml-value", ErrorClass.Input, "A value is of another kind than its key takes, or outside its range.", SeeSpec);
}
