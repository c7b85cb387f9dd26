using System.Runtime.InteropServices;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Training.Tests;

/// <summary>Records in memory, cut into frames as streams are.</summary>
internal sealed class Streams(DataSchema schema, params Streams.Part[] parts) : IFrameReader
{
    private const int RecordsPerFrame = 10;

    public DataSchema Schema { get; } = schema;

    public int FramesRead { get; private set; }

    public JobSchedule Schedule(TrainingPlan plan, int firstEpoch = 0) => new(
        plan,
        [.. parts.Select(part => new JobStream(part.Role, new StreamShape(part.Records.Length / Schema.RecordSize, RecordsPerFrame)))],
        firstEpoch);

    public Trainer Trainer(ProgramFolder programs, string program, TrainingPlan plan) =>
        new(programs.Archive(program), Schema, Schedule(plan), this);

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
    {
        await Task.Yield();
        FramesRead++;
        var records = parts[frame.Stream].Records;
        var start = (int)frame.Frame * RecordsPerFrame * Schema.RecordSize;
        return records.AsMemory(start, Math.Min(RecordsPerFrame * Schema.RecordSize, records.Length - start));
    }

    public sealed record Part(StreamRole Role, byte[] Records);
}

/// <summary>Made-up data, the same on every run.</summary>
internal static class Samples
{
    public static DataSchema Flowers { get; } = new() { FeatureType = ElementType.F32, Shape = [4], Label = new LabelSchema.Classes(3) };

    public static DataSchema Yes { get; } = new() { FeatureType = ElementType.F32, Shape = [4], Label = new LabelSchema.Classes(2, ElementType.U8) };

    public static DataSchema Targets { get; } = new() { FeatureType = ElementType.F32, Shape = [4], Label = new LabelSchema.Regression(2) };

    public static DataSchema Images { get; } = new() { FeatureType = ElementType.F32, Shape = [1, 8, 8], Label = new LabelSchema.Classes(3) };

    public static DataSchema Text { get; } = new() { FeatureType = ElementType.I64, Shape = [5], Label = new LabelSchema.PerPosition(7) };

    public static TrainingPlan Plan { get; } = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.AdamW { LearningRate = 0.02 },
        BatchSize = 16,
        Epochs = 3,
        Seed = 5,
        Threads = 1,
        Interleaving = new Interleaving.Concatenate(),
    };

    /// <summary>Records whose label follows from their features: what they are near to, or a linear function, or the next token.</summary>
    public static byte[] Records(DataSchema schema, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).SelectMany(_ => Record(schema, random))];
    }

    private static byte[] Record(DataSchema schema, Random random)
    {
        if (schema.FeatureType == ElementType.I64)
        {
            var first = random.Next(7);
            var tokens = Enumerable.Range(first, schema.FeatureCount).Select(token => token % 7L).ToArray();
            return [.. Bytes(tokens), .. Bytes(Array.ConvertAll(tokens, token => (token + 1) % 7))];
        }

        var kind = random.Next(schema.Label is LabelSchema.Classes classes ? classes.Count : 3);
        var features = Enumerable.Range(0, schema.FeatureCount)
            .Select(place => (float)(random.NextDouble() + (place % 4 == kind ? 2 : 0)) * (place + 1)).ToArray();
        return [.. Bytes(features), .. Label(schema, kind, features)];
    }

    private static byte[] Label(DataSchema schema, int kind, float[] features) => schema.Label switch
    {
        LabelSchema.Classes { IndexType: ElementType.U8 } => [(byte)kind],
        LabelSchema.Classes => Bytes([(long)kind]),
        _ => Bytes([features[0] - features[1], features[2] / 3]),
    };

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();
}
