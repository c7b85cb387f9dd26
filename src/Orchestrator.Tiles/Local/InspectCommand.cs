using System.Text.Json.Nodes;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Training;
using Orchestrator.Training.Programs;

namespace Orchestrator.Tiles.Local;

/// <summary>Says what a program is: source, operators, parameters, buffers; and, given a schema, whether it fits.</summary>
internal static class InspectCommand
{
    /// <summary>Describes a program.</summary>
    /// <param name="programFile">A TorchScript archive.</param>
    /// <param name="schemaFile">A schema in JSON to run the program on made-up records of, or null.</param>
    /// <param name="loss">The loss that its outputs are for; null takes the usual one for the schema's labels.</param>
    /// <exception cref="OrchestratorException">A <c>program-*</c> code if it does not load or does not fit.</exception>
    public static JsonObject Run(string programFile, string? schemaFile, string? loss)
    {
        var archive = ProgramArchive.Parse(Files.ReadAll(programFile));
        using var program = TrainingProgram.Load(archive);
        if (schemaFile is not null)
        {
            CheckFit(archive, DataSchema.FromCbor(CborJson.Parse(Files.ReadAll(schemaFile)).As("schema")), loss);
        }

        return new JsonObject
        {
            ["bytes"] = archive.Bytes.Length,
            ["fits_schema"] = schemaFile is null ? null : true,
            ["operators"] = new JsonArray([.. archive.Operators.Select(name => JsonValue.Create(name))]),
            ["parameters"] = Tensors(program.Parameters),
            ["buffers"] = Tensors(program.Buffers),
            ["code"] = new JsonObject(archive.Code.Select(file => KeyValuePair.Create(file.Key, (JsonNode?)file.Value))),
        };
    }

    private static void CheckFit(ProgramArchive archive, DataSchema schema, string? loss)
    {
        var plan = TrainingPlan.FromDocument(CborMap.Of(
            ("loss", loss ?? (schema.Label is LabelSchema.Regression ? "mean_squared_error" : "cross_entropy")),
            ("optimizer", CborMap.Of(("name", "sgd"), ("learning_rate", 1))),
            ("batch_size", 1),
            ("epochs", 1),
            ("seed", 0),
            ("threads", 1),
            ("interleaving", CborMap.Of(("name", "concatenate")))).As("plan"));
        var schedule = new JobSchedule(plan, [new JobStream(StreamRole.Train, new StreamShape(1, 1))]);
        new Trainer(archive, schema, schedule, NoFrames.Instance).CheckProgram();
    }

    private static JsonArray Tensors(IReadOnlyList<ProgramTensor> tensors) =>
    [
        .. tensors.Select(tensor => new JsonObject
        {
            ["name"] = tensor.Name,
            ["type"] = tensor.Type.ToString(),
            ["shape"] = new JsonArray([.. tensor.Shape.Select(extent => JsonValue.Create(extent))]),
            ["trained"] = tensor.Trained,
        }),
    ];

    /// <summary>A dry run reads no data.</summary>
    private sealed class NoFrames : IFrameReader
    {
        public static readonly NoFrames Instance = new();

        public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation) =>
            throw new InvalidOperationException("A dry run asked for data.");
    }
}
