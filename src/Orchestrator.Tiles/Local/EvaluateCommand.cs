using System.Text.Json.Nodes;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Programs;
using Orchestrator.Training;

namespace Orchestrator.Tiles.Local;

/// <summary>Judges a model on the evaluation streams of a job.</summary>
internal static class EvaluateCommand
{
    /// <summary>The metrics, by the names of <see cref="MetricNames"/>.</summary>
    public static async Task<JsonObject> RunAsync(string jobFile, string modelFile, CancellationToken cancellation)
    {
        var job = LocalJob.Read(jobFile);
        var schema = job.Check();
        var archive = VerifiedProgram.Verify(Files.ReadAll(job.Program));
        var model = SafeTensorFile.Read(Files.ReadAll(modelFile));
        using var frames = new LocalFrames(job);
        var schedule = new JobSchedule(job.Plan, frames.Streams);
        var metrics = await new ModelEvaluator(archive, model, schema, schedule, frames).EvaluateAsync(cancellation).ConfigureAwait(false);
        var result = new JsonObject
        {
            ["records"] = schedule.Evaluate.TotalRecords,
            [MetricNames.EvaluationLoss] = metrics.Loss,
        };
        Add(MetricNames.Accuracy, metrics.Accuracy);
        Add(MetricNames.MeanAbsoluteError, metrics.MeanAbsoluteError);
        return result;

        void Add(string name, double? value)
        {
            if (value is { } present)
            {
                result[name] = present;
            }
        }
    }
}
