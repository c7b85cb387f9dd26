using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Data.Plans;

/// <summary>A plan's CBOR form, both ways; names, ranges and defaults as in docs/spec/plan.md.</summary>
internal static class PlanCodec
{
    private const int MaxBatchSize = 1 << 20;
    private const int MaxEpochs = 1_000_000;
    private const int MaxThreads = 1024;
    private const int MaxWindow = 1 << 20;
    private const int MaxSteps = 1_000_000_000;
    private const double MaxLearningRate = 1000;

    private static readonly (string, Loss)[] Losses =
    [
        ("cross_entropy", Loss.CrossEntropy),
        ("binary_cross_entropy_with_logits", Loss.BinaryCrossEntropyWithLogits),
        ("mean_squared_error", Loss.MeanSquaredError),
        ("negative_log_likelihood", Loss.NegativeLogLikelihood),
    ];

    public static CborValue Write(TrainingPlan plan) => CborMap.Of(
        ("loss", Losses.First(loss => loss.Item2 == plan.Loss).Item1),
        ("optimizer", Write(plan.Optimizer)),
        ("schedule", Write(plan.Schedule)),
        ("gradient_clip_norm", plan.GradientClipNorm is { } norm ? norm : null),
        ("batch_size", plan.BatchSize),
        ("epochs", plan.Epochs),
        ("seed", plan.Seed),
        ("threads", plan.Threads),
        ("early_stopping", plan.EarlyStopping is { } stopping ? Write(stopping) : null),
        ("standardize", plan.Standardize),
        ("interleaving", Write(plan.Interleaving)));

    public static TrainingPlan Read(CborField field) => field.ReadMap(map => new TrainingPlan
    {
        Loss = PlanField.Choose(map.Required("loss"), Losses),
        Optimizer = ReadOptimizer(map.Required("optimizer")),
        Schedule = map.Optional("schedule") is { } schedule ? ReadSchedule(schedule, mayWarmUp: true) : new Schedule.Constant(),
        GradientClipNorm = map.Optional("gradient_clip_norm") is { } norm ? PlanField.Positive(norm, double.MaxValue) : null,
        BatchSize = PlanField.Int32(map.Required("batch_size"), 1, MaxBatchSize),
        Epochs = PlanField.Int32(map.Required("epochs"), 1, MaxEpochs),
        Seed = PlanField.Int64(map.Required("seed"), 0, long.MaxValue),
        Threads = map.Optional("threads") is { } threads ? PlanField.Int32(threads, 1, MaxThreads) : 1,
        EarlyStopping = map.Optional("early_stopping") is { } stopping ? ReadEarlyStopping(stopping) : null,
        Standardize = map.Optional("standardize")?.AsBool() ?? false,
        Interleaving = ReadInterleaving(map.Required("interleaving")),
    });

    /// <summary>Reads bytes' one full form: what was read must write itself as the same value again.</summary>
    public static TrainingPlan ReadCanonical(CborField field)
    {
        var plan = Read(field);
        return Write(plan).Equals(field.Value)
            ? plan
            : throw new OrchestratorException(PlanErrors.NotCanonical, $"{field.Path} is not in its full form.");
    }

    private static CborMap Write(EarlyStopping stopping) =>
        CborMap.Of(("patience", stopping.Patience), ("min_delta", stopping.MinDelta));

    private static EarlyStopping ReadEarlyStopping(CborField field) => field.ReadMap(map => new EarlyStopping(
        PlanField.Int32(map.Required("patience"), 1, MaxEpochs),
        Or(map.Optional("min_delta"), 0, delta => PlanField.Real(delta, 0, double.MaxValue))));

    private static CborMap Write(Schedule schedule) => schedule switch
    {
        Schedule.Constant => CborMap.Of(("name", "constant")),
        Schedule.Step step => CborMap.Of(("name", "step"), ("epochs", step.Epochs), ("gamma", step.Gamma)),
        Schedule.Cosine cosine => CborMap.Of(("name", "cosine"), ("minimum", cosine.Minimum)),
        Schedule.WarmUp warmUp => CborMap.Of(("name", "warm_up"), ("steps", warmUp.Steps), ("then", Write(warmUp.Then))),
        _ => throw new ArgumentException("unknown schedule", nameof(schedule)),
    };

    private static Schedule ReadSchedule(CborField field, bool mayWarmUp) => field.ReadMap(map =>
    {
        var name = map.Required("name");
        Func<Schedule> constant = () => new Schedule.Constant();
        Func<Schedule> step = () => new Schedule.Step(
            PlanField.Int32(map.Required("epochs"), 1, MaxEpochs), PlanField.Real(map.Required("gamma"), 0, 1));
        Func<Schedule> cosine = () => new Schedule.Cosine(Or(map.Optional("minimum"), 0, minimum => PlanField.Real(minimum, 0, 1)));
        Func<Schedule> warmUp = () => new Schedule.WarmUp(
            PlanField.Int32(map.Required("steps"), 1, MaxSteps), map.Optional("then") is { } then ? ReadSchedule(then, mayWarmUp: false) : new Schedule.Constant());
        return mayWarmUp
            ? PlanField.Choose(name, ("constant", constant), ("step", step), ("cosine", cosine), ("warm_up", warmUp))()
            : PlanField.Choose(name, ("constant", constant), ("step", step), ("cosine", cosine))();
    });

    public static CborMap Write(Interleaving interleaving) => interleaving switch
    {
        Interleaving.Concatenate => CborMap.Of(("name", "concatenate")),
        Interleaving.RoundRobin => CborMap.Of(("name", "round_robin")),
        Interleaving.Proportional => CborMap.Of(("name", "proportional")),
        Interleaving.Shuffle shuffle => CborMap.Of(("name", "shuffle"), ("window", shuffle.Window)),
        _ => throw new ArgumentException("unknown interleaving", nameof(interleaving)),
    };

    private static Interleaving ReadInterleaving(CborField field) => field.ReadMap(map =>
        PlanField.Choose<Func<Interleaving>>(
            map.Required("name"),
            ("concatenate", () => new Interleaving.Concatenate()),
            ("round_robin", () => new Interleaving.RoundRobin()),
            ("proportional", () => new Interleaving.Proportional()),
            ("shuffle", () => new Interleaving.Shuffle(PlanField.Int32(map.Required("window"), 1, MaxWindow))))());

    private static CborMap Write(Optimizer optimizer)
    {
        IEnumerable<(string, CborValue?)> own = optimizer switch
        {
            Optimizer.Sgd sgd => [("name", "sgd"), ("momentum", sgd.Momentum)],
            Optimizer.Adam adam => [("name", "adam"), ("beta1", adam.Beta1), ("beta2", adam.Beta2), ("epsilon", adam.Epsilon)],
            Optimizer.AdamW adam => [("name", "adamw"), ("beta1", adam.Beta1), ("beta2", adam.Beta2), ("epsilon", adam.Epsilon)],
            Optimizer.RmsProp rms => [("name", "rmsprop"), ("alpha", rms.Alpha), ("momentum", rms.Momentum), ("epsilon", rms.Epsilon)],
            _ => throw new ArgumentException("unknown optimiser", nameof(optimizer)),
        };
        return CborMap.Of(
            own.Append(("learning_rate", optimizer.LearningRate)).Append(("weight_decay", optimizer.WeightDecay)));
    }

    private static Optimizer ReadOptimizer(CborField field) => field.ReadMap(map =>
    {
        var rate = PlanField.Positive(map.Required("learning_rate"), MaxLearningRate);
        var decay = Or(map.Optional("weight_decay"), 0, value => PlanField.Real(value, 0, MaxLearningRate));
        double Share(string key, double fallback) => Or(map.Optional(key), fallback, PlanField.Rate);
        double Epsilon() => Or(map.Optional("epsilon"), 1e-8, value => PlanField.Positive(value, 1));
        return PlanField.Choose<Func<Optimizer>>(
            map.Required("name"),
            ("sgd", () => new Optimizer.Sgd { LearningRate = rate, WeightDecay = decay, Momentum = Share("momentum", 0) }),
            ("adam", () => new Optimizer.Adam
            {
                LearningRate = rate,
                WeightDecay = decay,
                Beta1 = Share("beta1", 0.9),
                Beta2 = Share("beta2", 0.999),
                Epsilon = Epsilon(),
            }),
            ("adamw", () => new Optimizer.AdamW
            {
                LearningRate = rate,
                WeightDecay = decay,
                Beta1 = Share("beta1", 0.9),
                Beta2 = Share("beta2", 0.999),
                Epsilon = Epsilon(),
            }),
            ("rmsprop", () => new Optimizer.RmsProp
            {
                LearningRate = rate,
                WeightDecay = decay,
                Alpha = Share("alpha", 0.99),
                Momentum = Share("momentum", 0),
                Epsilon = Epsilon(),
            }))();
    });

    private static double Or(CborField? field, double fallback, Func<CborField, double> read) =>
        field is { } present ? read(present) : fallback;
}
