using System.Collections.Immutable;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public sealed class ManifestTests
{
    private readonly SampleJob _job = new();

    [Fact]
    public void Decode_OfAnEncodedManifest_EncodesToTheSameBytes()
    {
        Manifest manifest = _job.Manifest;
        Manifest decoded = Manifest.Decode(manifest.Encoding);

        Assert.Equal(manifest.Encoding.ToArray(), Manifest.Create(decoded.Content).Encoding.ToArray());
        Assert.Equal(Digest.Of(manifest.Encoding.Span), decoded.Digest);
        Assert.Equal("clinic-b", decoded.Content.Streams[2].Owner);
        Assert.Equal(PartyRoles.Data, decoded.FindParty("clinic-a")!.Roles);
    }

    [Fact]
    public void Create_OfTheSameContentTwice_GivesTheSameName() => Assert.Equal(_job.Manifest.Digest, _job.Manifest.Digest);

    [Fact]
    public void Decode_OfAnyFlippedByte_IsRefusedOrAnotherJob()
    {
        Manifest manifest = _job.Manifest;
        for (int i = 0; i < manifest.Encoding.Length; i++)
        {
            byte[] altered = manifest.Encoding.ToArray();
            altered[i] ^= 0x01;
            try
            {
                Manifest other = Manifest.Decode(altered);
                Assert.NotEqual(manifest.Digest, other.Digest);
                Assert.Equal(altered, Manifest.Create(other.Content).Encoding.ToArray());
            }
            catch (OrchestratorException)
            {
                // Refused with a code: as good.
            }
        }
    }

    [Fact]
    public void Decode_OfEveryTruncation_IsRefused()
    {
        byte[] encoding = _job.Manifest.Encoding.ToArray();
        for (int length = 0; length < encoding.Length; length++)
        {
            Assert.Throws<OrchestratorException>(() => Manifest.Decode(encoding.AsMemory(0, length)));
        }
    }

    public static TheoryData<string> BrokenRules => [.. Breakages.Keys];

    [Theory]
    [MemberData(nameof(BrokenRules))]
    public void Create_WithABrokenRule_IsRefused(string rule)
    {
        var error = Assert.Throws<OrchestratorException>(() => Manifest.Create(Breakages[rule](_job.Content)));

        Assert.Contains(error.Code.Class, new[] { ErrorClass.Input });
    }

    private const long MostFrames = 1L << 32;

    public static TheoryData<string> OverlappingRules => [.. Findings.Keys];

    // What breaks one of these rules breaks another, too: the finding tells that each is there.
    private static readonly Dictionary<string, Func<ManifestContent, ManifestContent>> Findings = new(StringComparer.Ordinal)
    {
        ["has no party"] = content => content with { Parties = [] },
        ["has no output"] = content => content with { Outputs = [], Metrics = content.Metrics with { Names = [] } },
        ["has stream 2 with a schema where none belongs, or without one"] = content => Alter(content, stream => stream with { Schema = null }),
        ["has stream 2 with another record size"] = content => Alter(content, stream => stream with { RecordSize = stream.RecordSize * 2 }),
        ["has stream 2 whose frames do not hold whole records"] = content => Alter(content, stream => stream with { FrameSize = stream.FrameSize + 1 }),
        ["has stream 2 without records"] = content => Alter(content, stream => stream with { Records = 0, Frames = 1 }),
        ["has more than 4294967296 frames"] = content => Alter(content, stream => stream with
        {
            Frames = MostFrames,
            Records = ((MostFrames - 1) * (stream.FrameSize / stream.RecordSize)) + 1,
        }),
    };

    [Theory]
    [MemberData(nameof(OverlappingRules))]
    public void Create_WithABrokenRule_SaysWhich(string finding) =>
        Assert.Contains(finding, Assert.Throws<OrchestratorException>(() => Manifest.Create(Findings[finding](_job.Content))).Message, StringComparison.Ordinal);

    private static ManifestContent Alter(ManifestContent content, Func<ManifestStream, ManifestStream> alter) =>
        content with { Streams = content.Streams.SetItem(1, alter(content.Streams[1])) };

    private static readonly Dictionary<string, Func<ManifestContent, ManifestContent>> Breakages = new(StringComparer.Ordinal)
    {
        ["no parties"] = content => content with { Parties = [] },
        ["parties out of order"] = content => content with { Parties = [.. content.Parties.Reverse()] },
        ["one party twice"] = content => content with { Parties = [content.Parties[0], .. content.Parties] },
        ["two parties, one key"] = content => content with
        {
            Parties = content.Parties.SetItem(1, content.Parties[1] with { SigningKey = content.Parties[0].SigningKey }),
        },
        ["party name in capitals"] = content => content with { Parties = content.Parties.SetItem(0, content.Parties[0] with { Name = "Clinic" }) },
        ["no program"] = content => content with { Streams = [.. content.Streams.Skip(1)] },
        ["two programs"] = content => content with { Streams = [.. content.Streams, SampleJob.Stream(5, "lab", null, null, 10)] },
        ["nothing to train on"] = content => content with
        {
            Streams = [.. content.Streams.Select(stream => stream.Role is null ? stream : stream with { Role = StreamRole.Evaluate })],
        },
        ["ids with a gap"] = content => Alter(content, 3, stream => stream with { Id = 9 }),
        ["same stream twice"] = content => Alter(content, 2, stream => stream with { Digest = content.Streams[1].Digest }),
        ["stream of a stranger"] = content => Alter(content, 1, stream => stream with { Owner = "stranger" }),
        ["data of a party without the role"] = content => content with
        {
            Parties = content.Parties.SetItem(0, content.Parties[0] with { Roles = PartyRoles.None }),
        },
        ["data without schema"] = content => Alter(content, 1, stream => stream with { Schema = null }),
        ["other record size than the schema's"] = content => Alter(content, 1, stream => stream with { RecordSize = stream.RecordSize + 4 }),
        ["frames that split records"] = content => Alter(content, 1, stream => stream with { FrameSize = stream.FrameSize + 1 }),
        ["a frame too many"] = content => Alter(content, 1, stream => stream with { Frames = stream.Frames + 1 }),
        ["a record too many"] = content => Alter(content, 1, stream => stream with { Records = stream.Records + 1000 }),
        ["another schema in one stream"] = content => Alter(content, 2, stream => SampleJob.Stream(
            3, "clinic-b", StreamRole.Train, stream.Schema! with { Shape = [31] }, 250)),
        ["no outputs"] = content => content with { Outputs = [] },
        ["outputs out of order"] = content => content with { Outputs = [.. content.Outputs.Reverse()] },
        ["output for nobody"] = content => content with { Outputs = [content.Outputs[0] with { Receivers = [] }] },
        ["output for somebody who is no receiver"] = content => content with { Outputs = [content.Outputs[0] with { Receivers = ["clinic-a"] }] },
        ["no firmware"] = content => content with { Device = content.Device with { Firmware = [] } },
        ["metrics for nobody"] = content => content with { Outputs = content.Outputs.RemoveAt(0) },
        ["an output for metrics, but none named"] = content => content with { Metrics = content.Metrics with { Names = [] } },
        ["a metric twice"] = content => content with { Metrics = content.Metrics with { Names = ["loss", "loss"] } },
        ["no digits"] = content => content with { Metrics = content.Metrics with { Digits = 0 } },
        ["early stopping without evaluation"] = content => content with
        {
            Streams = [.. content.Streams.Take(3)],
            Plan = content.Plan with { EarlyStopping = new EarlyStopping(3, 0) },
        },
        ["negative serial"] = content => content with { Serial = -1 },
        ["no name"] = content => content with { Name = "" },
        ["escape sequence in the name"] = content => content with { Name = "\u001b[31mred" },
    };

    private static ManifestContent Alter(ManifestContent content, int index, Func<ManifestStream, ManifestStream> alter) =>
        content with { Streams = content.Streams.SetItem(index, alter(content.Streams[index])) };
}
