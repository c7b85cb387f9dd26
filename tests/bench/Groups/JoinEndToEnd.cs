using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Bench.Groups;

/// <summary>What a prepare stage adds to a job, end to end, and where its time goes.</summary>
internal sealed partial class JoinEndToEnd : IBenchmark
{
    private const int Rounds = 3;

    public string Name => "job-join";

    public string Method => "The example of a join (`make demo JOIN=1`): seconds from the device's assignment to the receipt / the same without the prepare stage, which is attestation, release and training on the device; the quickest of 3 runs. Standard error says where the time went.";

    // A guest agent has to start, and every party to judge one more thing; a job of seconds shows that most.
    public Aim Aim => Aim.AtMost(3);

    public Comparison Measure()
    {
        string demo = Path.GetFullPath("artifacts/bin/Orchestrator.Demo/release/Orchestrator.Demo");
        if (!Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/busybox") || !File.Exists(demo))
        {
            throw new UnavailableException("it needs root, busybox-static and the demonstration, which `make build` builds");
        }

        IReadOnlyDictionary<string, double> quickest = Enumerable.Range(0, Rounds).Select(_ => Run(demo)).MinBy(times => times["total"])!;
        Console.Error.WriteLine(string.Join(' ', quickest.Select(part => FormattableString.Invariant($"{part.Key}={part.Value:0.000}"))));
        return new Comparison(quickest["total"], quickest["attest"] + quickest["train"], "s");
    }

    private static Dictionary<string, double> Run(string demo)
    {
        (string output, _) = Child.Run(demo, "--join", "examples/join", Built.PathOf(Built.Orchestrator), "training/datasets", "training/programs");
        string line = output.Split('\n').Single(line => line.Contains("seconds: launch=", StringComparison.Ordinal));
        return Part().Matches(line).ToDictionary(part => part.Groups[1].Value, part => double.Parse(part.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"([a-z]+)=([0-9.]+)")]
    private static partial Regex Part();
}
