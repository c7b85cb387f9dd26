using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Data.Tests.Plans;

public sealed class TrainingPlanTests
{
    private static readonly TrainingPlan Plan = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.AdamW { LearningRate = 0.01, WeightDecay = 0.1 },
        Schedule = new Schedule.WarmUp(10, new Schedule.Cosine(0.1)),
        GradientClipNorm = 1.5,
        BatchSize = 32,
        Epochs = 20,
        Seed = 42,
        Threads = 2,
        EarlyStopping = new EarlyStopping(3, 0.001),
        Standardize = true,
        Interleaving = new Interleaving.Shuffle(1024),
    };

    private static readonly DataSchema Schema = new() { FeatureType = ElementType.F32, Shape = [4], Label = new LabelSchema.Classes(3) };

    public static TheoryData<int> Variants => [.. Enumerable.Range(0, AllVariants().Length)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void FullForm_OfEveryVariant_ReadsBackAsEqual(int variant)
    {
        var plan = AllVariants()[variant];
        var read = TrainingPlan.FromCbor(CborValue.Decode(plan.ToCbor().Encode()).As("plan"));
        Assert.Equal(plan, read);
        Assert.Equal(plan.ToCbor().Encode(), read.ToCbor().Encode());
    }

    [Fact]
    public void Document_WithOnlyWhatHasNoDefault_GetsDefaults()
    {
        var document = CborMap.Of(
            ("loss", "mean_squared_error"),
            ("optimizer", CborMap.Of(("name", "adam"), ("learning_rate", 1))),
            ("batch_size", 8),
            ("epochs", 1),
            ("seed", 0),
            ("threads", 1),
            ("interleaving", CborMap.Of(("name", "round_robin"))));
        var plan = TrainingPlan.FromDocument(document.As("plan"));
        Assert.Equal(new Optimizer.Adam { LearningRate = 1 }, plan.Optimizer);
        Assert.Equal(new Schedule.Constant(), plan.Schedule);
        Assert.False(plan.Standardize);
        Assert.Null(plan.GradientClipNorm);
        ErrorAssert.Throws(PlanErrors.NotCanonical, () => TrainingPlan.FromCbor(document.As("plan")));
    }

    public static TheoryData<string, CborValue, string> WrongFields => new()
    {
        { "loss", "hinge", "plan-unknown-name" },
        { "loss", 3, "cbor-wrong-type" },
        { "batch_size", 0, "plan-out-of-range" },
        { "batch_size", (1 << 20) + 1, "plan-out-of-range" },
        { "epochs", 0, "plan-out-of-range" },
        { "seed", -1, "plan-out-of-range" },
        { "threads", 0, "plan-out-of-range" },
        { "gradient_clip_norm", 0.0, "plan-out-of-range" },
        { "gradient_clip_norm", double.NaN, "cbor-out-of-range" },
        { "standardize", 1, "cbor-wrong-type" },
        { "interleaving", CborMap.Of(("name", "random")), "plan-unknown-name" },
        { "interleaving", CborMap.Of(("name", "shuffle")), "cbor-missing-field" },
        { "interleaving", CborMap.Of(("name", "shuffle"), ("window", 0)), "plan-out-of-range" },
        { "interleaving", CborMap.Of(("name", "concatenate"), ("window", 8)), "cbor-unknown-field" },
        { "early_stopping", CborMap.Of(("patience", 0), ("min_delta", 0.0)), "plan-out-of-range" },
        { "early_stopping", CborMap.Of(("patience", 1), ("min_delta", -0.5)), "plan-out-of-range" },
        { "schedule", CborMap.Of(("name", "step"), ("epochs", 1), ("gamma", 1.5)), "plan-out-of-range" },
        { "schedule", CborMap.Of(("name", "warm_up"), ("steps", 1), ("then", CborMap.Of(("name", "warm_up"), ("steps", 1), ("then", CborMap.Of(("name", "constant")))))), "plan-unknown-name" },
        { "optimizer", CborMap.Of(("name", "sgd"), ("learning_rate", 0.0)), "plan-out-of-range" },
        { "optimizer", CborMap.Of(("name", "sgd"), ("learning_rate", 1001.0)), "plan-out-of-range" },
        { "optimizer", CborMap.Of(("name", "sgd"), ("learning_rate", 0.1), ("momentum", 1.0)), "plan-out-of-range" },
        { "optimizer", CborMap.Of(("name", "adam"), ("learning_rate", 0.1), ("beta2", 1.0)), "plan-out-of-range" },
        { "optimizer", CborMap.Of(("name", "adam"), ("learning_rate", 0.1), ("momentum", 0.5)), "cbor-unknown-field" },
        { "optimizer", CborMap.Of(("name", "rmsprop"), ("learning_rate", 0.1), ("epsilon", 0.0)), "plan-out-of-range" },
        { "optimizer", CborMap.Of(("name", "adam"), ("learning_rate", 0.1), ("weight_decay", -0.1)), "plan-out-of-range" },
        { "surprise", true, "cbor-unknown-field" },
    };

    [Theory]
    [MemberData(nameof(WrongFields))]
    public void Document_WithOneWrongField_IsRefusedByCode(string key, CborValue value, string code)
    {
        var entries = ((CborMap)Plan.ToCbor()).Entries.Where(entry => entry.Key is not CborText text || text.Value != key);
        var document = new CborMap(entries.Append((key, value)));
        var error = Assert.Throws<Orchestrator.Errors.OrchestratorException>(() => TrainingPlan.FromDocument(document.As("plan")));
        Assert.Equal(code, error.Code.Id);
        Assert.Contains("plan", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_OfPlanMadeInCodeOutOfRange_IsRefused() =>
        ErrorAssert.Throws(PlanErrors.OutOfRange, () => (Plan with { BatchSize = -1 }).Validate());

    [Fact]
    public void CheckStreams_OfMatchingStreams_ReturnsTheirSchema() =>
        Assert.Equal(Schema, Plan.CheckStreams([(StreamRole.Train, Schema), (StreamRole.Evaluate, Schema with { })]));

    [Fact]
    public void CheckStreams_OfUnusableStreams_IsRefusedByCode()
    {
        var train = (StreamRole.Train, Schema);
        var evaluate = (StreamRole.Evaluate, Schema);
        var u8 = Schema with { FeatureType = ElementType.U8 };
        var real = Schema with { Label = new LabelSchema.Regression(1) };
        ErrorAssert.Throws(PlanErrors.NothingToTrain, () => Plan.CheckStreams([]));
        ErrorAssert.Throws(PlanErrors.NothingToTrain, () => Plan.CheckStreams([evaluate]));
        ErrorAssert.Throws(PlanErrors.NothingToEvaluate, () => Plan.CheckStreams([train]));
        ErrorAssert.Throws(PlanErrors.SchemasDiffer, () => Plan.CheckStreams([train, (StreamRole.Evaluate, u8)]));
        ErrorAssert.Throws(PlanErrors.StandardizeType, () => Plan.CheckStreams([(StreamRole.Train, u8), (StreamRole.Evaluate, u8)]));
        ErrorAssert.Throws(PlanErrors.LossLabel, () => Plan.CheckStreams([(StreamRole.Train, real), (StreamRole.Evaluate, real)]));
        ErrorAssert.Throws(PlanErrors.LossLabel, () => (Plan with { Loss = Loss.MeanSquaredError }).CheckStreams([train, evaluate]));
        ErrorAssert.Throws(PlanErrors.LossLabel, () => (Plan with { Loss = Loss.BinaryCrossEntropyWithLogits }).CheckStreams([train, evaluate]));
    }

    private static TrainingPlan[] AllVariants() =>
    [
        Plan,
        Plan with { GradientClipNorm = null, EarlyStopping = null },
        .. Enum.GetValues<Loss>().Select(loss => Plan with { Loss = loss }),
        .. new Optimizer[]
        {
            new Optimizer.Sgd { LearningRate = 0.1, Momentum = 0.9 },
            new Optimizer.Adam { LearningRate = 1e-3, Beta1 = 0.8, Beta2 = 0.99, Epsilon = 1e-6 },
            new Optimizer.RmsProp { LearningRate = 1000, Alpha = 0.9, Momentum = 0.5, WeightDecay = 1 },
        }.Select(optimizer => Plan with { Optimizer = optimizer }),
        .. new Schedule[] { new Schedule.Constant(), new Schedule.Step(3, 0.5), new Schedule.Cosine(0) }.Select(schedule => Plan with { Schedule = schedule }),
        .. new Interleaving[] { new Interleaving.Concatenate(), new Interleaving.RoundRobin(), new Interleaving.Proportional() }
            .Select(interleaving => Plan with { Interleaving = interleaving }),
    ];
}
