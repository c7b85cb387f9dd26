using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Crypto.IO;
using Orchestrator.Data.Reading;
using Orchestrator.Training;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;

namespace Orchestrator.Tiles.Local;

/// <summary>Trains on plaintext files in this process, with the records, order and arithmetic of a device: the models are equal, bit for bit.</summary>
internal static class TrainCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes <c>model.safetensors</c> and <c>metrics.json</c> into a folder.</summary>
    public static async Task RunAsync(string jobFile, string folder, CancellationToken cancellation)
    {
        var job = LocalJob.Read(jobFile);
        var schema = job.Check();
        var archive = ProgramArchive.Parse(Files.ReadAll(job.Program));
        using var frames = new LocalFrames(job);
        var schedule = new JobSchedule(job.Plan, frames.Streams);
        using var ahead = new ReadAhead(schedule, frames);
        var model = await new Trainer(archive, schema, schedule, ahead).TrainAsync(new ConsoleReports(), cancellation).ConfigureAwait(false);
        AtomicFile.WriteAllBytes(Path.Combine(folder, "model.safetensors"), model.ToSafeTensors());
        AtomicFile.WriteAllBytes(Path.Combine(folder, "metrics.json"), Encoding.UTF8.GetBytes(Metrics(model, schedule).ToJsonString(Indented)));
    }

    private static JsonObject Metrics(TrainedModel model, JobSchedule schedule) => new()
    {
        ["records"] = schedule.Train.TotalRecords,
        ["epochs"] = new JsonArray([.. model.Epochs.Select(Epoch)]),
        ["stopped_early"] = model.StoppedEarly,
        ["training_seconds"] = model.Duration.Total.TotalSeconds,
        ["waiting_seconds"] = model.Duration.Waiting.TotalSeconds,
    };

    private static JsonObject Epoch(EpochMetrics epoch)
    {
        var entry = new JsonObject { ["epoch"] = epoch.Epoch + 1 };
        foreach (var (name, value) in epoch.ByName)
        {
            entry[name] = value;
        }

        return entry;
    }

    private sealed class ConsoleReports : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Completed is { } epoch)
            {
                var metrics = epoch.ByName.Select(metric => FormattableString.Invariant($"{metric.Key} {metric.Value:G5}"));
                Console.Error.WriteLine($"epoch {epoch.Epoch + 1}: {string.Join(", ", metrics)}");
            }
        }
    }
}
