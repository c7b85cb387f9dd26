using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Device.Runs;

/// <summary>Lets out of the tiles' metrics what the manifest allows: its names, at its cadence and at the end, in its number of digits.</summary>
/// <param name="release">The manifest's rule.</param>
public sealed class MetricsGate(MetricsRelease release)
{
    private readonly List<TileMessage.Progress> _released = [];
    private TileMessage.Progress? _latest;

    /// <summary>Takes the figures of an epoch.</summary>
    public void Add(TileMessage.Progress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _latest = progress;
        if (progress.Epoch % release.EveryEpochs == 0)
        {
            _released.Add(progress);
        }
    }

    /// <summary>The last epoch's figures.</summary>
    public ImmutableSortedDictionary<string, double> Final() =>
        Allowed(_latest).ToImmutableSortedDictionary(metric => metric.Name, metric => Round(metric.Value), StringComparer.Ordinal);

    /// <summary>The metrics output: a JSON object a line, with <c>epoch</c> and the metrics by name.</summary>
    public ReadOnlyMemory<byte> Lines()
    {
        IEnumerable<TileMessage.Progress> epochs = _latest is null || _released.Contains(_latest) ? _released : _released.Append(_latest);
        return Encoding.UTF8.GetBytes(string.Concat(epochs.Select(Line)));
    }

    private string Line(TileMessage.Progress progress)
    {
        IEnumerable<KeyValuePair<string, double>> figures = [new("epoch", progress.Epoch), .. Allowed(progress).Select(metric => KeyValuePair.Create(metric.Name, Round(metric.Value)))];
        return JsonSerializer.Serialize(figures.ToDictionary()) + "\n";
    }

    private IEnumerable<Metric> Allowed(TileMessage.Progress? progress) =>
        release.Names.SelectMany(name => progress?.Metrics.Where(metric => metric.Name == name) ?? []);

    private double Round(double value) =>
        double.Parse(value.ToString($"E{release.Digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
