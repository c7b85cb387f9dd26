using Orchestrator.Data.Plans;

namespace Orchestrator.Sdk;

/// <summary>Reads the section <c>plan</c> of a job file (docs/spec/job-file.md). What a variant needs stands below its name.</summary>
internal static class PlanSection
{
    private const double MaxRate = 1000;
    private const double BelowOne = 1 - 1e-12;

    public static TrainingPlan Read(YamlValue plan) => plan.AsMap(map => new TrainingPlan
    {
        Loss = map.Required("loss").AsChoice(
            ("cross_entropy", Loss.CrossEntropy),
            ("binary_cross_entropy_with_logits", Loss.BinaryCrossEntropyWithLogits),
            ("mean_squared_error", Loss.MeanSquaredError),
            ("negative_log_likelihood", Loss.NegativeLogLikelihood)),
        Optimizer = Optimizer(map.Required("optimizer")),
        Schedule = map.Optional("schedule") is { } schedule ? Schedule(schedule) : new Schedule.Constant(),
        GradientClipNorm = map.Optional("gradient_clip_norm")?.AsNumber(double.Epsilon, double.MaxValue),
        BatchSize = map.Required("batch_size").AsInteger(1, 1 << 20),
        Epochs = map.Required("epochs").AsInteger(1, 1_000_000),
        Seed = map.Required("seed").AsInteger(0, long.MaxValue),
        Threads = map.Optional("threads")?.AsInteger(1, 1024) ?? 1,
        EarlyStopping = map.Optional("early_stopping")?.AsMap(stop => new EarlyStopping(
            stop.Required("patience").AsInteger(1, 1_000_000),
            stop.Optional("min_delta")?.AsNumber(0, double.MaxValue) ?? 0)),
        Standardize = map.Optional("standardize")?.AsFlag() ?? false,
        Interleaving = Interleaving(map.Required("interleaving")),
    });

    private static Optimizer Optimizer(YamlValue value) => Variant<Optimizer>(value, (name, map) => name switch
    {
        "sgd" => new Optimizer.Sgd
        {
            LearningRate = LearningRate(map),
            WeightDecay = WeightDecay(map),
            Momentum = map.Optional("momentum")?.AsNumber(0, BelowOne) ?? 0,
        },
        "adam" => new Optimizer.Adam
        {
            LearningRate = LearningRate(map),
            WeightDecay = WeightDecay(map),
            Beta1 = Beta(map, "beta1", 0.9),
            Beta2 = Beta(map, "beta2", 0.999),
            Epsilon = Epsilon(map),
        },
        "adamw" => new Optimizer.AdamW
        {
            LearningRate = LearningRate(map),
            WeightDecay = WeightDecay(map),
            Beta1 = Beta(map, "beta1", 0.9),
            Beta2 = Beta(map, "beta2", 0.999),
            Epsilon = Epsilon(map),
        },
        "rmsprop" => new Optimizer.RmsProp
        {
            LearningRate = LearningRate(map),
            WeightDecay = WeightDecay(map),
            Alpha = Beta(map, "alpha", 0.99),
            Momentum = map.Optional("momentum")?.AsNumber(0, BelowOne) ?? 0,
            Epsilon = Epsilon(map),
        },
        _ => throw value.Bad($"is \"{name}\", not one of sgd, adam, adamw, rmsprop"),
    });

    private static Schedule Schedule(YamlValue value) => Variant<Schedule>(value, (name, map) => name switch
    {
        "constant" => new Schedule.Constant(),
        "step" => new Schedule.Step(map.Required("epochs").AsInteger(1, 1_000_000), map.Required("gamma").AsNumber(double.Epsilon, 1)),
        "cosine" => new Schedule.Cosine(map.Optional("minimum")?.AsNumber(0, 1) ?? 0),
        "warm_up" => new Schedule.WarmUp(
            map.Required("steps").AsInteger(1, int.MaxValue),
            map.Optional("then") is { } then ? Schedule(then) : new Schedule.Constant()),
        _ => throw value.Bad($"is \"{name}\", not one of constant, step, cosine, warm_up"),
    });

    private static Interleaving Interleaving(YamlValue value) => Variant<Interleaving>(value, (name, map) => name switch
    {
        "concatenate" => new Interleaving.Concatenate(),
        "round_robin" => new Interleaving.RoundRobin(),
        "proportional" => new Interleaving.Proportional(),
        "shuffle" => new Interleaving.Shuffle(map.Required("window").AsInteger(1, 1 << 20)),
        _ => throw value.Bad($"is \"{name}\", not one of concatenate, round_robin, proportional, shuffle"),
    });

    private static double LearningRate(YamlMap map) => map.Required("learning_rate").AsNumber(double.Epsilon, MaxRate);

    private static double WeightDecay(YamlMap map) => map.Optional("weight_decay")?.AsNumber(0, MaxRate) ?? 0;

    private static double Beta(YamlMap map, string key, double byDefault) => map.Optional(key)?.AsNumber(0, BelowOne) ?? byDefault;

    private static double Epsilon(YamlMap map) => map.Optional("epsilon")?.AsNumber(double.Epsilon, 1) ?? 1e-8;

    /// <summary>A variant is its name alone, or its name with a mapping of what it needs: <c>constant</c>, <c>step: {epochs: 5, gamma: 0.5}</c>.</summary>
    private static T Variant<T>(YamlValue value, Func<string, YamlMap, T> read)
    {
        if (value is YamlScalar)
        {
            string name = value.AsText();
            return new YamlMap(value.Path, value.Place, new Dictionary<string, YamlEntry>()).AsMap(map => read(name, map));
        }

        return value.AsMap(outer =>
        {
            if (outer.Entries.Count != 1)
            {
                throw value.Bad("is not one name with what it needs");
            }

            string name = outer.Entries.Keys.Single();
            return outer.Required(name).AsMap(map => read(name, map));
        });
    }
}
