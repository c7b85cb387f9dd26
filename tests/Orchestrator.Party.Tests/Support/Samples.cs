using System.Globalization;
using System.Text;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Sdk.Tests;

/// <summary>Small inputs: two features and a class.</summary>
internal static class Samples
{
    public const string Passphrase = "correct horse battery";

    public const string SchemaYaml = """
        format: orchestrator/schema/v1
        features:
          type: f32
          shape: [2]
          columns: [height, weight]
        label:
          classes: 2
          columns: [sick]
        """;

    public static DataSchema Schema { get; } = SchemaFile.Parse(SchemaYaml);

    public static string Csv(int records)
    {
        var csv = new StringBuilder("height,weight,sick\n");
        for (int i = 0; i < records; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{1.5 + (i % 50 / 100.0)},{50 + (i % 40)},{i % 2}\n");
        }

        return csv.ToString();
    }

    /// <summary>A program of the tree. Nothing here runs it.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "programs", "wdbc_mlp.pt");

    /// <summary>A policy that would accept no device at all, for what is not about devices.</summary>
    public const string EmptyPolicy = "format: orchestrator/release-policy/v1\nroots: []\n";

    public static string JobYaml(IEnumerable<Party> parties, string launcher, string programOwner, string program, IEnumerable<(string Owner, string Role, string Path)> data, int serial = 0, int epochs = 3) =>
        $$"""
        format: orchestrator/job/v1
        name: growth
        serial: {{serial}}
        launcher: {{launcher}}
        parties:
        {{string.Join('\n', parties.Select(party => $"  - {party.Identity}"))}}
        program: {owner: {{programOwner}}, sealed: {{program}}}
        data:
        {{string.Join('\n', data.Select(item => $"  - {{owner: {item.Owner}, role: {item.Role}, sealed: {item.Path}}}"))}}
        plan:
          loss: cross_entropy
          optimizer:
            adam: {learning_rate: 0.01}
          batch_size: 8
          epochs: {{epochs}}
          seed: 1
          interleaving:
            shuffle: {window: 64}
        outputs:
          - {name: model, kind: model, receivers: [{{launcher}}]}
        device:
          firmware:
            - ccu: {{new string('1', 96)}}
              icu: {{new string('2', 96)}}
              tiles: {{new string('3', 96)}}
          minimum_security_version: 1
        """;
}
