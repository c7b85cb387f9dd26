namespace Orchestrator.Cli.Tests;

/// <summary>Small inputs: two features and a class.</summary>
internal static class Samples
{
    public const string Schema = """
        format: orchestrator/schema/v1
        features:
          type: f32
          shape: [2]
          columns: [height, weight]
        label:
          classes: 2
          columns: [sick]
        """;

    public const string Csv = """
        height,weight,sick
        1.81,77,0
        1.62,58,1
        1.74,69.5,0
        1.55,61,1
        """;

    public const string Policy = """
        format: orchestrator/release-policy/v1
        roots: []
        """;
}
