using System.Globalization;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// Reads the section <c>plan</c> of a job file (docs/spec/job-file.md): turns it into the plan's document form, whose reader knows all
/// names, ranges and defaults, and gives that reader's complaints their place in the file.
/// </summary>
internal sealed class PlanSection
{
    // What a variant needs stands below its name: `step: {epochs: 5, gamma: 0.5}`; alone it is a name: `constant`.
    private static readonly string[] Variants = ["optimizer", "schedule", "interleaving", "then"];

    private readonly List<(string Path, YamlPlace Place)> _places = [];

    private PlanSection()
    {
    }

    public static TrainingPlan Read(YamlValue plan)
    {
        var section = new PlanSection();
        CborMap document = section.Map(plan.Path, plan as YamlMap ?? throw plan.Bad("is not a mapping of keys to values"));
        try
        {
            return TrainingPlan.FromDocument(document.As(plan.Path));
        }
        catch (OrchestratorException e)
        {
            ErrorCode code = e.Code == CborErrors.MissingField ? YamlErrors.MissingKey : e.Code == CborErrors.UnknownField ? YamlErrors.UnknownKey : YamlErrors.Value;
            throw new OrchestratorException(code, $"{section.PlaceOf(e.Message)}: {e.Message}", e.Remedy, e);
        }
    }

    // Every complaint begins with the path of what it is about.
    private YamlPlace PlaceOf(string complaint) =>
        _places.Where(known => complaint.StartsWith(known.Path, StringComparison.Ordinal)).MaxBy(known => known.Path.Length).Place;

    private CborMap Map(string path, YamlMap map)
    {
        _places.Add((path, map.Place));
        return new CborMap(map.Entries.Select(entry => ((CborValue)entry.Key, Value($"{path}.{entry.Key}", entry.Key, entry.Value.Value))));
    }

    private CborValue Value(string path, string key, YamlValue value)
    {
        _places.Add((path, value.Place));
        return value switch
        {
            _ when Variants.Contains(key) => Variant(path, value),
            YamlMap map => Map(path, map),
            YamlScalar scalar => Scalar(scalar),
            _ => throw value.Bad("is a list, which nothing in a plan is"),
        };
    }

    private static CborValue Scalar(YamlScalar scalar) => scalar switch
    {
        { Plain: true, Text: "true" or "false" } => scalar.AsFlag(),
        { Plain: true } when long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer) => integer,
        { Plain: true } when double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real) => real,
        _ => scalar.AsText(),
    };

    private CborMap Variant(string path, YamlValue value) => value switch
    {
        YamlScalar => CborMap.Of(("name", value.AsText())),
        YamlMap { Entries.Count: 1 } outer when outer.Entries.Single() is var (name, entry) && entry.Value is YamlMap needs && !needs.Entries.ContainsKey("name") =>
            new CborMap([("name", name), .. Map(path, needs).Entries]),
        _ => throw value.Bad("is not one name with what it needs"),
    };
}
