using System.Runtime.InteropServices;
using System.Text.Json;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Training.Tests;

public sealed class ModelTests(ProgramFolder programs)
{
    [Theory]
    [InlineData("mlp", true)]
    [InlineData("convolutional", true)]
    [InlineData("convolutional", false)]
    public async Task Model_LoadedInPython_PredictsWhatTheTrainerMeasured(string program, bool standardize)
    {
        var schema = program == "mlp" ? Samples.Flowers : Samples.Images;
        var evaluation = Samples.Records(schema, 50, 2);
        var streams = new Streams(
            schema, new Streams.Part(StreamRole.Train, Samples.Records(schema, 100, 1)), new Streams.Part(StreamRole.Evaluate, evaluation));
        var model = await streams.Trainer(programs, program, Samples.Plan with { Standardize = standardize }).TrainAsync();

        var outputs = OutputsInPython(program, schema, model, evaluation);
        var right = evaluation.Chunk(schema.RecordSize).Select(record => BitConverter.ToInt64(record, schema.FeatureBytes)).ToArray();
        var predicted = outputs.Chunk(3).Select(values => (long)Array.IndexOf(values, values.Max()));
        var accuracy = predicted.Zip(right).Count(pair => pair.First == pair.Second) / (double)right.Length;
        Assert.Equal(model.Epochs[^1].Evaluation!.Accuracy, accuracy);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Model_JudgedAgain_GivesTheMetricsOfTheLastEpoch(bool standardize)
    {
        var streams = TrainerTests.Make(Samples.Images, 60, 30);
        var plan = Samples.Plan with { Standardize = standardize };
        var model = await streams.Trainer(programs, "convolutional", plan).TrainAsync();
        var tensors = SafeTensorFile.Read(model.ToSafeTensors());
        var again = new ModelEvaluator(programs.Archive("convolutional"), tensors, streams.Schema, streams.Schedule(plan), streams);
        Assert.Equal(model.Epochs[^1].Evaluation, await again.EvaluateAsync());
    }

    [Fact]
    public async Task Model_WithoutStandardisation_HoldsTheStateAlone()
    {
        var model = await TrainerTests.Make(Samples.Images, 40, 10).Trainer(programs, "convolutional", Samples.Plan).TrainAsync();
        Assert.Null(model.Standardization);
        Assert.Equal(
            model.State.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            SafeTensorFile.Read(model.ToSafeTensors()).Select(tensor => tensor.Name));
    }

    public static TheoryData<string> Misfits { get; } = [.. MisfitStandardizations.Keys];

    private static Dictionary<string, Func<SafeTensor, SafeTensor?>> MisfitStandardizations => new()
    {
        ["no mean"] = tensor => tensor.Name == TrainedModel.MeanName ? null : tensor,
        ["no deviation"] = tensor => tensor.Name == TrainedModel.DeviationName ? null : tensor,
        ["means of other features"] = tensor => tensor.Name == TrainedModel.MeanName ? tensor with { Shape = [3], Data = tensor.Data[..12] } : tensor,
        ["means of another type"] = tensor => tensor.Name == TrainedModel.MeanName ? tensor with { Type = SafeTensorType.I32 } : tensor,
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public async Task Model_WithAStandardisationThatIsNotForTheFeatures_IsNotJudged(string misfit)
    {
        var streams = TrainerTests.Make(Samples.Flowers, 20, 10);
        var plan = Samples.Plan with { Standardize = true, Epochs = 1 };
        var model = await streams.Trainer(programs, "mlp", plan).TrainAsync();
        SafeTensor[] altered = [.. SafeTensorFile.Read(model.ToSafeTensors()).Select(MisfitStandardizations[misfit]).OfType<SafeTensor>()];
        var evaluator = new ModelEvaluator(programs.Archive("mlp"), altered, streams.Schema, streams.Schedule(plan), streams);
        Assert.Equal(TrainingErrors.ModelMismatch, (await Assert.ThrowsAsync<OrchestratorException>(() => evaluator.EvaluateAsync())).Code);
    }

    [Fact]
    public void Evaluate_WithoutRecords_IsRefused()
    {
        var streams = new Streams(Samples.Flowers, new Streams.Part(StreamRole.Train, Samples.Records(Samples.Flowers, 5, 1)));
        var error = Assert.Throws<OrchestratorException>(() => new ModelEvaluator(programs.Archive("mlp"), [], streams.Schema, streams.Schedule(Samples.Plan), streams));
        Assert.Equal(TrainingErrors.PlanMismatch, error.Code);
    }

    private float[] OutputsInPython(string program, DataSchema schema, TrainedModel model, byte[] records)
    {
        var (file, features) = (Path.Combine(programs.Path, "model.safetensors"), Path.Combine(programs.Path, "features"));
        File.WriteAllBytes(file, model.ToSafeTensors());
        File.WriteAllBytes(features, [.. records.Chunk(schema.RecordSize).SelectMany(record => record[..schema.FeatureBytes])]);
        var output = ProgramFolder.Python("load.py", Path.Combine(programs.Path, program + ".pt"), file, features, JsonSerializer.Serialize(schema.Shape));
        return MemoryMarshal.Cast<byte, float>(Convert.FromHexString(output.Trim())).ToArray();
    }
}
