using System.Collections.Immutable;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Stages.Tests.Support;

namespace Orchestrator.Stages.Tests;

/// <summary>The stages of a manifest, and that a job without them is what it was.</summary>
public sealed class StagedManifestTests(Processor processor) : IDisposable
{
    private readonly StageWorld _world = new(processor);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Encode_AndDecode_GiveTheSameStages()
    {
        Manifest read = Manifest.Decode(_world.Manifest.Encoding);

        Assert.Equal(_world.Manifest.Digest, read.Digest);
        ManifestStage stage = Assert.Single(read.Content.Stages);
        Assert.Equal(["east", "west"], stage.Inputs.Select(input => input.Name));
        Assert.True(read.Content.Streams[1].IsPrepared);
        Assert.Equal([read.Content.Streams[0].Digest, .. stage.Inputs.Select(input => input.Digest)], read.Objects);
    }

    [Fact]
    public void Encode_WithoutStages_HasNoSuchKey()
    {
        ManifestContent plain = _world.Content with { Stages = [], Streams = [_world.Content.Streams[0], Given(_world.Content.Streams[1])] };

        var map = (CborMap)CborValue.Decode(Manifest.Create(plain).Encoding);
        Assert.DoesNotContain(map.Entries, entry => entry.Key.Equals((CborValue)"stages"));
    }

    public static TheoryData<string> Broken =>
    [
        "name of a party", "twice", "no measurement", "no inputs", "input of a stranger", "input twice", "input sizes", "no outputs", "another's stream", "output of nobody",
        "no device roots", "a root that is none", "stream without stage", "prepared program",
    ];

    [Theory]
    [MemberData(nameof(Broken))]
    public void Create_ARuleIsBroken_IsRefused(string rule)
    {
        ManifestStage stage = _world.Content.Stages[0];
        ManifestContent content = rule switch
        {
            "name of a party" => With(stage with { Name = "lab" }),
            "twice" => _world.Content with { Stages = [stage, stage] },
            "no measurement" => With(stage with { Measurements = [] }),
            "no inputs" => With(stage with { Inputs = [] }),
            "input of a stranger" => With(stage with { Inputs = [stage.Inputs[0] with { Owner = "mallory" }] }),
            "input twice" => With(stage with { Inputs = [stage.Inputs[0], stage.Inputs[0] with { Name = "other" }] }),
            "input sizes" => With(stage with { Inputs = [stage.Inputs[0] with { Bytes = stage.Inputs[0].Bytes + 256 }] }),
            "no outputs" => With(stage with { Outputs = [] }),
            "another's stream" => With(stage with { Outputs = [new StageOutput("joined.csv", 1)] }),
            "output of nobody" => With(stage with { Outputs = [.. stage.Outputs, new StageOutput("more.csv", 3)] }),
            "no device roots" => With(stage with { Devices = stage.Devices with { Roots = [] } }),
            "a root that is none" => With(stage with { Devices = stage.Devices with { Roots = [new byte[100]] } }),
            "stream without stage" => _world.Content with { Stages = [] },
            _ => _world.Content with { Streams = [_world.Content.Streams[0] with { Digest = default, Owner = StageWorld.Stage }, _world.Content.Streams[1]] },
        };

        var refused = Assert.Throws<OrchestratorException>(() => Manifest.Create(content));
        Assert.Contains(refused.Code.Id, (string[])["manifest-invalid", "attestation-anchor-invalid"]);
    }

    private ManifestContent With(ManifestStage stage) => _world.Content with { Stages = [stage] };

    private static ManifestStream Given(ManifestStream stream) => stream with { Owner = "clinic-a", Digest = Digest.Of([2]) };
}
