using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Device.Runs;

/// <summary>Lets out of the tiles' metrics what the manifest allows: its names, at its cadence and at the end, in its number of digits.</summary>
/// <param name="release">The manifest's rule.</param>
public sealed class MetricsGate(MetricsRelease release)
{
    private const int SaltSize = 32;

    // The longest shortest text of a double, as in -2.2250738585072014E-308, and that of a count of epochs.
    private const int LongestNumber = 24;
    private const int LongestEpoch = 10;

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

    /// <summary>The figures that may leave, the last epoch's among them: what another session has to <see cref="Add"/> to go on. No other figure is in it.</summary>
    public ImmutableArray<TileMessage.Progress> Kept => [.. Epochs.Select(epoch => epoch with { Metrics = [.. Allowed(epoch)] })];

    private IEnumerable<TileMessage.Progress> Epochs => _latest is null || _released.Contains(_latest) ? _released : _released.Append(_latest);

    /// <summary>
    /// The metrics output: a line with a random salt, then a JSON object a line, with <c>epoch</c> and the metrics by name. The receipt
    /// shows its SHA-256 to all, and its length shows in the sealed one's: neither tells a figure.
    /// </summary>
    public ReadOnlyMemory<byte> Lines()
    {
        string salt = $"{{\"salt\":\"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltSize))}\"}}\n";
        return Encoding.UTF8.GetBytes(salt + string.Concat(Epochs.Select(Line)));
    }

    private string Line(TileMessage.Progress progress)
    {
        IEnumerable<KeyValuePair<string, double>> figures = [new("epoch", progress.Epoch), .. Allowed(progress).Select(metric => KeyValuePair.Create(metric.Name, Round(metric.Value)))];
        return JsonSerializer.Serialize(figures.ToDictionary()).PadRight(LineLength) + "\n";
    }

    // Braces and the key of the epoch; then comma, quotation marks, colon and number of each metric.
    private int LineLength => "{\"epoch\":}".Length + LongestEpoch + release.Names.Sum(name => name.Length + ",\"\":".Length + LongestNumber);

    private IEnumerable<Metric> Allowed(TileMessage.Progress progress) =>
        release.Names.SelectMany(name => progress.Metrics.Where(metric => metric.Name == name));

    private double Round(double value) =>
        double.Parse(value.ToString($"E{release.Digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
