using System.Text.Json;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Contracts.Tests;

public sealed class CheckpointTests
{
    private readonly Session _session = new();

    [Fact]
    public void Key_OfTheVectors_IsThatOfAnotherProgram()
    {
        using JsonDocument vectors = Tree.Vectors("checkpoint", "keys.json");
        JsonElement root = vectors.RootElement;
        var manifest = new Digest(Bytes(root, "manifest"));
        CheckpointShare[] shares = [.. root.GetProperty("secrets").EnumerateArray().Select(secret => CheckpointShare.Derive(Convert.FromHexString(secret.GetString()!), manifest))];
        Assert.Equal(root.GetProperty("shares").EnumerateArray().Select(share => share.GetString()), shares.Select(share => Convert.ToHexStringLower(share.Export())));
        var header = new CheckpointHeader(manifest, Bytes(root, "session"), root.GetProperty("counter").GetInt32(), root.GetProperty("epoch").GetInt32());
        using StreamKey key = CheckpointKey.Derive(shares, header);
        byte[] exported = new byte[StreamKey.Size];
        key.Export(exported);
        Assert.Equal(Bytes(root, "stream_key"), exported);
        Assert.Equal(Bytes(root, "schema"), header.ToStreamHeader().Schema.ToArray());
    }

    [Fact]
    public void Key_DependsOnEveryShareSessionAndNumber()
    {
        byte[][] shares = [[.. Enumerable.Repeat((byte)1, 32)], [.. Enumerable.Repeat((byte)2, 32)]];
        var header = new CheckpointHeader(_session.Manifest.Digest, new byte[Quote.SessionSize], 1, 1);
        byte[] otherSession = [1, .. new byte[Quote.SessionSize - 1]];
        string[] keys =
        [
            Derive(shares, header),
            Derive([shares[1], shares[0]], header),
            Derive([shares[0]], header),
            Derive(shares, header with { Counter = 2 }),
            Derive(shares, header with { Session = otherSession }),
            Derive(shares, header with { Manifest = Digest.Of("other"u8) }),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    public static TheoryData<string> Strangers => [.. Foreign.Keys];

    private static readonly Dictionary<string, Func<StreamHeader, CheckpointHeader, StreamHeader>> Foreign = new()
    {
        ["other kind"] = (stream, _) => stream with { Kind = StreamKind.Model },
        ["other owner"] = (stream, _) => stream with { Owner = "lab" },
        ["other frames"] = (stream, _) => stream with { FrameSize = 256 },
        ["no schema"] = (stream, _) => stream with { Schema = Array.Empty<byte>() },
        ["two numbers"] = (stream, _) => stream with { Run = 2 },
        ["other job"] = (_, header) => (header with { Manifest = Digest.Of("other"u8) }).ToStreamHeader(),
        ["other epoch"] = (_, header) => (header with { Epoch = 1 }).ToStreamHeader(),
        ["end of the plan"] = (_, header) => (header with { Counter = 3, Epoch = 6 }).ToStreamHeader(),
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public void Header_ThatIsNoCheckpointOfTheJob_IsRefused(string how)
    {
        Manifest manifest = Manifest.Create(_session.Job.Content with { CheckpointEveryEpochs = 2 });
        var header = new CheckpointHeader(manifest.Digest, new byte[Quote.SessionSize], 1, 2);
        Assert.Equal(header, CheckpointHeader.Read(header.ToStreamHeader(), manifest));
        StreamHeader stranger = Foreign[how](header.ToStreamHeader(), header);
        Assert.Equal(ContractErrors.CheckpointForeign.Id, Assert.Throws<OrchestratorException>(() => CheckpointHeader.Read(stranger, manifest)).Code.Id);
    }

    [Fact]
    public void Statement_OfTheSession_Verifies()
    {
        CheckpointStatement statement = Statement();
        VerifiedQuote session = QuoteMaker.Verifier(_session.Vendor).Verify(_session.Evidence);
        Assert.Equal(statement, CheckpointStatement.Verify(statement.Sign(_session.Vendor.Alias), session));
    }

    [Fact]
    public void Statement_OfAnotherSessionDeviceOrShape_IsRefused()
    {
        VerifiedQuote session = QuoteMaker.Verifier(_session.Vendor).Verify(_session.Evidence);
        CheckpointStatement statement = Statement();
        byte[] altered = statement.Sign(_session.Vendor.Alias);
        altered[^1] ^= 1;
        byte[][] refused =
        [
            altered,
            [],
            new byte[CheckpointStatement.MaxBytes + 1],
            statement.Sign(new TestVendor().Alias),
            (statement with { Quote = Digest.Of("other"u8) }).Sign(_session.Vendor.Alias),
            (statement with { Manifest = Digest.Of("other"u8) }).Sign(_session.Vendor.Alias),
        ];
        Assert.All(refused, bytes => Assert.Equal(
            ContractErrors.CheckpointStatementInvalid.Id, Assert.Throws<OrchestratorException>(() => CheckpointStatement.Verify(bytes, session)).Code.Id));
    }

    private CheckpointStatement Statement() => new(_session.Evidence.Digest, _session.Manifest.Digest, new CheckpointClaim(Digest.Of("stream"u8), 4, 2));

    private static string Derive(byte[][] shares, CheckpointHeader header)
    {
        using StreamKey key = CheckpointKey.Derive([.. shares.Select(share => CheckpointShare.Import(share))], header);
        byte[] exported = new byte[StreamKey.Size];
        key.Export(exported);
        return Convert.ToHexString(exported);
    }

    private static byte[] Bytes(JsonElement root, string name) => Convert.FromHexString(root.GetProperty(name).GetString()!);
}
