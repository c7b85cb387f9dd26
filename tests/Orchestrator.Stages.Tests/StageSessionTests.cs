using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Orchestrator.Stages.Tests.Support;

namespace Orchestrator.Stages.Tests;

/// <summary>A group's part of a stage: what it opens, what it seals and states, and to which devices it gives the key.</summary>
public sealed class StageSessionTests(Processor processor) : IDisposable
{
    private readonly StageWorld _world = new(processor);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Stage_FromKeysToPackage_GivesTheDeviceWhatNobodyElseCanOpen()
    {
        using StageSession session = _world.Joined();
        Assert.Equal("id,height\n3,1.5\n1,1.7\n", File.ReadAllText(Path.Combine(_world.Folder("inputs"), "west")));
        (byte[] statement, IReadOnlyList<PreparedStream> outputs) = session.Finish();
        Preparation made = Preparation.Verify(_world.Evidence, statement, _world.Manifest);
        PreparedJob job = PreparedJob.Of(_world.Manifest, [made]);
        Assert.Equal((2L, outputs[0].Digest), (job.Content.Streams[1].Records, job.Content.Streams[1].Digest));

        using HpkePrivateKey deviceKey = HpkePrivateKey.Generate();
        Evidence quote = Quote(session, made, claims => claims with { SessionKey = deviceKey.PublicKey });
        (byte[]? package, ImmutableArray<Denial> denials) = session.Offer(quote.Bytes);

        Assert.Empty(denials);
        using KeyPackage opened = KeyPackage.Open(package!, StageWorld.Stage, deviceKey, job, quote.Digest);
        using SealedStreamReader reader = SealedStreamReader.Open(session.OpenOutput(2), opened.Keys[2]);
        Assert.Equal(2 * StageWorld.Schema.RecordSize, reader.Read(0).Length);
    }

    [Theory]
    [InlineData("another manifest")]
    [InlineData("another group's evidence")]
    [InlineData("another policy")]
    public void Begin_WithWhatIsNotItsOwn_IsRefused(string which)
    {
        using var other = new StageWorld(processor);
        Assert.Equal("stage-not-own-evidence", CodeOf(() => which switch
        {
            "another manifest" => _world.Begin(manifest: other.Manifest),
            "another group's evidence" => _world.Begin(other.Evidence, manifest: other.Manifest),
            _ => _world.Begin(policy: Digest.Of("another"u8)),
        }));
        Assert.Equal("stage-unknown", CodeOf(() => _world.Begin(stage: "other")));
    }

    [Fact]
    public void ReadInput_BeforeEveryPartyHasReleased_IsRefused()
    {
        using StageSession session = _world.Begin();
        session.Release("clinic-a", _world.Package("clinic-a"));
        session.Release("clinic-b", _world.Package("clinic-b"));

        Assert.Equal("stage-out-of-order", CodeOf(() => session.ReadInput("west", new MemoryStream(_world.Inputs["west"].Sealed))));
        Assert.Equal("stage-package-repeated", CodeOf(() => session.Release("clinic-a", _world.Package("clinic-a"))));
        Assert.Empty(Directory.GetFiles(_world.Folder("inputs")));
    }

    [Fact]
    public void ReadInput_AnythingButTheManifestsFile_LeavesNothing()
    {
        using StageSession session = _world.Released();
        byte[] west = _world.Inputs["west"].Sealed;

        Assert.Equal("stage-input-substituted", CodeOf(() => session.ReadInput("west", new MemoryStream(_world.Inputs["east"].Sealed))));
        Assert.Equal("stage-input-unknown", CodeOf(() => session.ReadInput("../west", new MemoryStream(west))));
        for (int i = 0; i < west.Length; i += 7)
        {
            byte[] changed = [.. west];
            changed[i] ^= 2;
            Assert.Equal("stage-input-substituted", CodeOf(() => session.ReadInput("west", new MemoryStream(changed))));
            Assert.Equal("stage-input-substituted", CodeOf(() => session.ReadInput("west", new MemoryStream(west[..i]))));
        }

        Assert.Empty(Directory.GetFiles(_world.Folder("inputs")));
        session.ReadInput("west", new MemoryStream(west));
        Assert.Equal("stage-input-unknown", CodeOf(() => session.ReadInput("west", new MemoryStream(west))));
        Assert.Equal("stage-out-of-order", CodeOf(() => session.Finish()));
    }

    [Theory]
    [InlineData("height,label\n", "stage-output-invalid")]
    [InlineData("height,label\ntall,0\n", "stage-output-invalid")]
    [InlineData("height\n1.5\n", "stage-output-invalid")]
    [InlineData("height,label\n1,0\n1,0\n1,0\n1,0\n1,0\n1,0\n", "stage-output-exceeded")]
    public void Finish_OutputThatIsNotWhatTheManifestSays_IsRefusedWithoutItsContent(string table, string code)
    {
        using StageSession session = _world.Joined(table);
        var refused = Assert.Throws<OrchestratorException>(() => session.Finish());

        Assert.Equal(code, refused.Code.Id);
        Assert.DoesNotContain("tall", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Finish_OutputThatIsALink_IsRefused()
    {
        using StageSession session = _world.Joined();
        string output = Path.Combine(_world.Folder("outputs"), "joined.csv");
        File.Move(output, output + ".real");
        File.CreateSymbolicLink(output, output + ".real");

        Assert.Equal("stage-output-missing", CodeOf(() => session.Finish()));
    }

    public static TheoryData<string, string> Devices => new()
    {
        { "that debugs", "release-device-debug" },
        { "without confinement", "release-tiles-unconfined" },
        { "with other firmware", "release-firmware-unknown" },
        { "for another job", "release-manifest-mismatch" },
        { "with another's output", "release-preparations" },
        { "without the output", "release-preparations" },
        { "with an old nonce", "release-nonce-mismatch" },
        { "of a stranger", "attestation-root-unknown" },
    };

    [Theory]
    [MemberData(nameof(Devices))]
    public void Offer_ADeviceThatTheManifestDoesNotAllow_GetsNothing(string which, string code)
    {
        using StageSession session = _world.Joined();
        Preparation made = Preparation.Verify(_world.Evidence, session.Finish().Statement, _world.Manifest);
        Evidence quote = Quote(session, made, claims => which switch
        {
            "that debugs" => claims with { Debug = true },
            "without confinement" => claims with { Confined = false },
            "with other firmware" => claims with { Firmware = new FirmwareMeasurements(TestVendor.Firmware.Icu, TestVendor.Firmware.Icu, TestVendor.Firmware.Tiles) },
            "for another job" => claims with { Manifest = Digest.Of("another"u8) },
            "with another's output" => claims with { Preparations = claims.Preparations.SetItem(StageWorld.Stage, Digest.Of("another"u8)) },
            "without the output" => claims with { Preparations = claims.Preparations.Clear() },
            "with an old nonce" => claims with { Nonces = claims.Nonces.SetItem(StageWorld.Stage, new byte[32]) },
            _ => claims,
        }, which switch
        {
            "of a stranger" => new TestVendor(),
            "that debugs" => null,
            _ => null,
        });

        string[] codes;
        try
        {
            (byte[]? package, ImmutableArray<Denial> denials) = session.Offer(quote.Bytes);
            Assert.Null(package);
            codes = [.. denials.Select(denial => denial.Code)];
        }
        catch (OrchestratorException e)
        {
            codes = [e.Code.Id];
        }

        Assert.True(codes.Contains(code) || codes is ["attestation-claims-disagree"], string.Join(", ", codes));
        Assert.Equal("stage-out-of-order", CodeOf(() => session.Offer(quote.Bytes)));
    }

    [Fact]
    public void Statement_AnyFlippedByteOrOtherJob_IsRefused()
    {
        using StageSession session = _world.Joined();
        byte[] statement = session.Finish().Statement;
        for (int i = 0; i < statement.Length; i += 3)
        {
            byte[] changed = [.. statement];
            changed[i] ^= 1;
            Assert.Equal("stage-statement-invalid", CodeOf(() => Preparation.Verify(_world.Evidence, changed, _world.Manifest)));
        }

        using var other = new StageWorld(processor);
        Assert.Equal("stage-statement-invalid", CodeOf(() => Preparation.Verify(_world.Evidence, statement, other.Manifest)));
        Assert.Equal("stage-statement-invalid", CodeOf(() => Preparation.Verify(other.Evidence, statement, _world.Manifest)));
        Assert.Equal("stage-statement-invalid", CodeOf(() => Preparation.Verify(_world.Attest(), statement, _world.Manifest)));
        Assert.Equal("stage-statement-missing", CodeOf(() => PreparedJob.Of(_world.Manifest, [])));
        var made = Preparation.Verify(_world.Evidence, statement, _world.Manifest);
        Assert.Equal("stage-statement-missing", CodeOf(() => PreparedJob.Of(_world.Manifest, [made, made])));
    }

    [Theory]
    [InlineData(6, 1, "stage-output-exceeded")]
    [InlineData(0, 1, "stage-output-exceeded")]
    [InlineData(2, 2, "stage-statement-invalid")]
    public void Statement_BeyondTheManifestsLimits_IsRefused(long records, long frames, string code)
    {
        byte[] statement = Preparation.Sign(
            _world.GroupSigning, _world.Manifest, _world.Manifest.FindStage(StageWorld.Stage)!, Attestation.Groups.GroupEvidence.Parse(_world.Evidence).Digest,
            [new PreparedStream(2, Digest.Of("made"u8), frames, records)]);

        Assert.Equal(code, CodeOf(() => Preparation.Verify(_world.Evidence, statement, _world.Manifest)));
    }

    private Evidence Quote(StageSession session, Preparation made, Func<Quote, Quote> alter, TestVendor? vendor = null)
    {
        byte[] nonce = session.Nonce();
        return QuoteMaker.Make(vendor ?? _world.Vendor, quote => alter(quote with
        {
            Manifest = _world.Manifest.Digest,
            Nonces = ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal).Add(StageWorld.Stage, nonce),
            Preparations = ImmutableSortedDictionary.Create<string, Digest>(StringComparer.Ordinal).Add(StageWorld.Stage, made.Digest),
        }));
    }

    private static string CodeOf(Action action) => Assert.Throws<OrchestratorException>(action).Code.Id;

    private static string CodeOf(Func<StageSession> begin) => Assert.Throws<OrchestratorException>(() => begin().Dispose()).Code.Id;
}
