using System.Text.Json;

namespace Orchestrator.Bench.Training;

/// <summary>The trainer in one process, on plaintext files.</summary>
internal sealed class PlaintextTrainer
{
    private readonly string _job;
    private readonly string _result;

    public PlaintextTrainer(TrainingTask task, Scratch scratch)
    {
        _job = scratch["plaintext.json"];
        _result = scratch["plaintext"];
        task.WriteLocalJob(_job);
        Directory.CreateDirectory(_result);
    }

    /// <summary>Trains from the start.</summary>
    /// <returns>Seconds from the first batch to the end of the last epoch.</returns>
    public double Train()
    {
        Child.Run(Built.PathOf(Built.Tiles), "train", _job, _result);
        using JsonDocument metrics = JsonDocument.Parse(File.ReadAllText(Path.Combine(_result, "metrics.json")));
        return metrics.RootElement.GetProperty("training_seconds").GetDouble();
    }
}
