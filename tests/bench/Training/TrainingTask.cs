using System.Text.Json.Nodes;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Sdk;

namespace Orchestrator.Bench.Training;

/// <summary>One program, its data and its plan, to be trained in different ways. As many epochs as take a few seconds.</summary>
internal sealed record TrainingTask(string Name, string Data, string Schema, TrainingPlan Plan)
{
    public static TrainingTask WdbcMlp { get; } = new("wdbc_mlp", "wdbc.csv", "wdbc.schema.yaml", Adam(batchSize: 32, epochs: 3000) with { Standardize = true });

    public static TrainingTask DigitsCnn { get; } = new("digits_cnn", "digits-train.csv", "digits.schema.yaml", Adam(batchSize: 64, epochs: 12));

    public static TrainingTask CharGpt { get; } = new("char_gpt", "sonnets.txt", "sonnets.schema.yaml", Adam(batchSize: 16, epochs: 30));

    public string ProgramFile => Built.TorchScript(Name);

    public string DataFile => Built.Dataset(Data);

    private string SchemaPath => Built.Dataset(Schema);

    /// <summary>Seals program and data, for a job with this plan.</summary>
    public SealedJob Seal(Tenant tenant, Scratch scratch)
    {
        var job = new SealedJob(scratch["program.itx"], scratch["data.itx"], Plan);
        tenant.SealProgram(ProgramFile, job.Program);
        Child.Run(tenant.SealCommand(DataFile, SchemaPath, job.Data));
        return job;
    }

    /// <summary>Writes the job for a trainer that reads plaintext (docs/spec/tiles.md, "Local jobs").</summary>
    public void WriteLocalJob(string path) => File.WriteAllText(path, new JsonObject
    {
        ["program"] = ProgramFile,
        ["plan"] = CborJson.ToJson(Plan.ToCbor()),
        ["streams"] = new JsonArray(new JsonObject { ["role"] = "train", ["file"] = DataFile, ["schema"] = CborJson.ToJson(SchemaFile.Read(SchemaPath).ToCbor()) }),
    }.ToJsonString());

    private static TrainingPlan Adam(int batchSize, int epochs) => new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Adam { LearningRate = 0.001 },
        BatchSize = batchSize,
        Epochs = epochs,
        Seed = 7,
        Threads = 1,
        Interleaving = new Interleaving.Shuffle(2048),
    };
}
