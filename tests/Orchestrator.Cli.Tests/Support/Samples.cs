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

    public static string Job(string lab, string clinic) =>
        $$"""
        format: orchestrator/job/v1
        name: growth
        launcher: lab
        parties:
          - {{lab.Trim()}}
          - {{clinic.Trim()}}
        program: {owner: lab, sealed: program.itx}
        data:
          - {owner: clinic, role: train, sealed: data.itx}
        plan:
          loss: cross_entropy
          optimizer:
            sgd: {learning_rate: 0.1}
          batch_size: 2
          epochs: 1
          seed: 1
          interleaving: concatenate
        outputs:
          - {name: model, kind: model, receivers: [lab]}
        device:
          firmware:
            - ccu: {{new string('1', 96)}}
              icu: {{new string('2', 96)}}
              tiles: {{new string('3', 96)}}
          minimum_security_version: 1
        """;
}
