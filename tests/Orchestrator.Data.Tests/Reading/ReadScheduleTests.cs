using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Tests;

namespace Orchestrator.Data.Tests.Reading;

/// <summary>Against vectors that a second implementation, tests/Vectors/interleaving/generate.py, wrote.</summary>
public sealed class ReadScheduleTests
{
    [Fact]
    public void Random_OfEachSeed_GivesTheVectorsWords()
    {
        using var vectors = Tree.Vectors("interleaving", "vectors.json");
        foreach (var vector in vectors.RootElement.GetProperty("random").EnumerateArray())
        {
            var random = new ScheduleRandom(vector.GetProperty("seed").GetInt64(), vector.GetProperty("epoch").GetInt32());
            Assert.All(
                vector.GetProperty("words").EnumerateArray(), word => Assert.Equal(word.GetString(), random.Next().ToString("x16", null)));
        }

        var below = vectors.RootElement.GetProperty("below");
        var bounded = new ScheduleRandom(below.GetProperty("seed").GetInt64(), below.GetProperty("epoch").GetInt32());
        var bounds = below.GetProperty("bounds").EnumerateArray().Select(bound => bound.GetInt32());
        Assert.Equal(below.GetProperty("values").EnumerateArray().Select(value => value.GetInt32()), bounds.Select(bounded.Below));
    }

    [Fact]
    public void Orders_OfEachRule_AreTheVectors()
    {
        using var vectors = Tree.Vectors("interleaving", "vectors.json");
        var count = 0;
        foreach (var vector in vectors.RootElement.GetProperty("orders").EnumerateArray())
        {
            var streams = vector.GetProperty("streams").EnumerateArray().Select(stream =>
                new StreamShape(stream.GetProperty("records").GetInt64(), stream.GetProperty("records_per_frame").GetInt32()));
            var rule = RuleOf(vector.GetProperty("interleaving").GetString()!, vector.GetProperty("window").GetInt32());
            var schedule = new ReadSchedule(rule, streams, vector.GetProperty("seed").GetInt64());
            var epoch = vector.GetProperty("epoch").GetInt32();
            Assert.Equal(Places(vector.GetProperty("records")), schedule.Records(epoch).Select(place => (place.Stream, place.Record)));
            Assert.Equal(Places(vector.GetProperty("frames")), schedule.Frames(epoch).Select(place => (place.Stream, place.Frame)));
            count++;
        }

        Assert.True(count > 30);
    }

    [Fact]
    public void Orders_OfManyRandomSchedules_HaveTheVectorsDigest()
    {
        using var vectors = Tree.Vectors("interleaving", "vectors.json");
        var accumulated = vectors.RootElement.GetProperty("accumulated");
        var random = new ScheduleRandom(1, 0);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var number = 0; number < accumulated.GetProperty("schedules").GetInt32(); number++)
        {
            var streams = new StreamShape[1 + random.Below(5)];
            for (var stream = 0; stream < streams.Length; stream++)
            {
                var records = random.Below(60);
                streams[stream] = new StreamShape(records, 1 + random.Below(9));
            }

            var window = 1 + random.Below(40);
            foreach (var rule in new[] { "concatenate", "round_robin", "proportional", "shuffle" })
            {
                Append(digest, new ReadSchedule(RuleOf(rule, window), streams, number).Records(number % 7));
            }
        }

        Assert.Equal(accumulated.GetProperty("sha256").GetString(), Convert.ToHexStringLower(digest.GetHashAndReset()));
    }

    [Fact]
    public void Records_OfAnySchedule_TakeEachRecordOnceAndAskForEachFrameOnce() =>
        Prop.ForAll(Cases(), test =>
        {
            var schedule = new ReadSchedule(test.Rule, test.Streams, 5);
            var records = schedule.Records(test.Epoch).ToList();
            var frames = schedule.Frames(test.Epoch).ToList();
            return records.Count == schedule.TotalRecords
                && records.Distinct().Count() == records.Count
                && records.All(place => place.Record >= 0 && place.Record < test.Streams[place.Stream].Records)
                && frames.SequenceEqual(records.Select(schedule.FrameOf).Distinct());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Shuffle_OverEpochsAndSeeds_Differs()
    {
        var streams = new[] { new StreamShape(1000, 100) };
        var rule = new Interleaving.Shuffle(200);
        var first = new ReadSchedule(rule, streams, 1).Records(0).ToList();
        Assert.Equal(first, new ReadSchedule(rule, streams, 1).Records(0));
        Assert.NotEqual(first, new ReadSchedule(rule, streams, 1).Records(1));
        Assert.NotEqual(first, new ReadSchedule(rule, streams, 2).Records(0));
    }

    [Fact]
    public void Below_OfASmallBound_TakesEveryValueEquallyOften()
    {
        var random = new ScheduleRandom(3, 3);
        var counts = new int[6];
        for (var draw = 0; draw < 60_000; draw++)
        {
            counts[random.Below(counts.Length)]++;
        }

        // 5 degrees of freedom: chi squared above 25.7 has probability 0.0001, and the generator is fixed.
        Assert.True(counts.Sum(count => Math.Pow(count - 10_000, 2) / 10_000) < 25.7);
    }

    [Fact]
    public void Constructor_OfImpossibleShapes_Throws()
    {
        var rule = new Interleaving.Shuffle(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadSchedule(rule, [new StreamShape(-1, 1)], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadSchedule(rule, [new StreamShape(1, 0)], 0));
    }

    [Fact]
    public void Constructor_OfMoreThanTheLimits_IsRefused()
    {
        var shuffle = new Interleaving.Shuffle(1);
        var half = new StreamShape((ReadSchedule.MaxRecords / 2) + 1, 1 << 30);
        ErrorAssert.Throws(PlanErrors.TooManyRecords, () => _ = new ReadSchedule(shuffle, [half, half], 0));
        ErrorAssert.Throws(PlanErrors.TooManyRecords, () => _ = new ReadSchedule(shuffle, [new StreamShape(long.MaxValue, 1), new StreamShape(long.MaxValue, 1)], 0));
        ErrorAssert.Throws(PlanErrors.TooManyRecords, () => _ = new ReadSchedule(shuffle, [new StreamShape(ReadSchedule.MaxShuffledFrames + 1, 1)], 0));
        Assert.Equal(ReadSchedule.MaxRecords, new ReadSchedule(new Interleaving.Concatenate(), [new StreamShape(ReadSchedule.MaxRecords, 1)], 0).TotalRecords);
    }

    private static Arbitrary<(Interleaving Rule, StreamShape[] Streams, int Epoch)> Cases() =>
        (from kind in Gen.Choose(0, 3)
         from window in Gen.Choose(1, 50)
         from epoch in Gen.Choose(0, 1000)
         from streams in (from records in Gen.Choose(0, 80) from perFrame in Gen.Choose(1, 20) select new StreamShape(records, perFrame)).ArrayOf()
         select (RuleOf(new[] { "concatenate", "round_robin", "proportional", "shuffle" }[kind], window), streams, epoch)).ToArbitrary();

    private static Interleaving RuleOf(string name, int window) => name switch
    {
        "concatenate" => new Interleaving.Concatenate(),
        "round_robin" => new Interleaving.RoundRobin(),
        "proportional" => new Interleaving.Proportional(),
        _ => new Interleaving.Shuffle(window),
    };

    private static IEnumerable<(int Stream, long Index)> Places(JsonElement places) =>
        places.EnumerateArray().Select(place => (place[0].GetInt32(), place[1].GetInt64()));

    private static void Append(IncrementalHash digest, IEnumerable<RecordPosition> places)
    {
        var bytes = new byte[12];
        foreach (var place in places)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, place.Stream);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), place.Record);
            digest.AppendData(bytes);
        }
    }
}
