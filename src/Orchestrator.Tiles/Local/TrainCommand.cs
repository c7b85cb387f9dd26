using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Crypto.IO;
using Orchestrator.Data.Reading;
using Orchestrator.Programs;
using Orchestrator.Training;
using Orchestrator.Training.Run;
using Orchestrator.Training.State;

namespace Orchestrator.Tiles.Local;

/// <summary>Trains on plaintext files in this process, with the records, order and arithmetic of a device: the models are equal, bit for bit.</summary>
internal static class TrainCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes <c>model.safetensors</c> and <c>metrics.json</c> into a folder, and a <c>state-EPOCH.safetensors</c> at every checkpoint.</summary>
    /// <param name="jobFile">A local job.</param>
    /// <param name="folder">A folder that exists.</param>
    /// <param name="checkpointEvery">Epochs from one checkpoint to the next; 0 makes none.</param>
    /// <param name="stateFile">The checkpoint to go on from, or null.</param>
    /// <param name="cancellation">Ends training without a result.</param>
    public static async Task RunAsync(string jobFile, string folder, int checkpointEvery, string? stateFile, CancellationToken cancellation)
    {
        var session = new TrainingSession
        {
            From = stateFile is null ? null : TrainingState.Parse(Files.ReadAll(stateFile)),
            CheckpointEveryEpochs = checkpointEvery,
            Checkpoint = state => AtomicFile.WriteAllBytes(Path.Combine(folder, $"state-{state.Epochs}.safetensors"), state.ToBytes().Span),
        };
        var job = LocalJob.Read(jobFile);
        var schema = job.Check();
        var archive = VerifiedProgram.Verify(Files.ReadAll(job.Program));
        using var frames = new LocalFrames(job);
        var schedule = new JobSchedule(job.Plan, frames.Streams, session.From?.Epochs ?? 0);
        using var ahead = new ReadAhead(schedule, frames);
        var model = await new Trainer(archive, schema, schedule, ahead).TrainAsync(new ConsoleReports(), session, cancellation).ConfigureAwait(false);
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
