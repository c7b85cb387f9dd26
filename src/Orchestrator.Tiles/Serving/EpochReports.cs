using Orchestrator.Data.TileProtocol;
using Orchestrator.Training.Run;

namespace Orchestrator.Tiles.Serving;

/// <summary>Tells the controller what every completed epoch came to.</summary>
internal sealed class EpochReports(Outbox outbox) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Completed is { } epoch)
        {
            outbox.Post(new TileMessage.Progress(
                epoch.Epoch + 1, (epoch.Epoch + 1) * value.Batches, [.. epoch.ByName.Select(metric => new Metric(metric.Key, metric.Value))]));
        }
    }
}
