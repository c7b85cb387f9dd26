using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Attack.Groups;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>What a shim and a host see of an honest job with a prepare stage.</summary>
public sealed class StageRecording
{
    internal ByteString? Evidence { get; set; }

    internal ByteString? Quote { get; set; }

    internal Preparation? Preparation { get; set; }

    internal ConcurrentDictionary<string, ByteString> Packages { get; } = [];
}

/// <summary>Changes nothing, and keeps everything of a prepare stage.</summary>
public sealed class StageRecorder(StageRecording into) : Attack(new AttackCard("record-stage", "keeps copies of what it relays", SecurityProperty.Freshness, Watcher.Device, string.Empty))
{
    /// <inheritdoc/>
    public override bool IsStaged => true;

    /// <inheritdoc/>
    public override StageMischief Stage { get; } = new()
    {
        OnEvidence = evidence => into.Evidence = evidence,
        OnRelease = request =>
        {
            into.Packages[request.Party] = request.SealedPackage;
            return request;
        },
        OnOffer = quote => into.Quote = quote,
    };

    /// <inheritdoc/>
    public override LoadRequest OnLoad(LoadRequest request)
    {
        into.Preparation = request.Preparations.Single();
        return request;
    }
}
