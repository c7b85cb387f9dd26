using System.Text;
using Google.Protobuf;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Attack.Attacks;

/// <summary>The manifest is altered after all have signed it.</summary>
public sealed class AlterManifest : Attack
{
    /// <inheritdoc/>
    public override string Name => "alter-manifest";

    /// <inheritdoc/>
    public override string Deed => "asks for the metrics in more digits than the parties signed";

    /// <inheritdoc/>
    public override string StoppedBy => "approval-other-manifest";

    /// <inheritdoc/>
    public override LoadRequest OnLoad(LoadRequest request)
    {
        ManifestContent content = Manifest.Decode(request.Manifest.Memory).Content;
        Manifest altered = Manifest.Create(content with { Metrics = content.Metrics with { Digits = content.Metrics.Digits == 17 ? 16 : 17 } });
        return new LoadRequest(request) { Manifest = ByteString.CopyFrom(altered.Encoding.Span) };
    }
}

/// <summary>An approval is signed by somebody else than the party that it names.</summary>
public sealed class ForgeApproval : Attack
{
    /// <inheritdoc/>
    public override string Name => "forge-approval";

    /// <inheritdoc/>
    public override string Deed => "signs in a party's name with a key of its own";

    /// <inheritdoc/>
    public override string StoppedBy => "approval-invalid";

    /// <inheritdoc/>
    public override LoadRequest OnLoad(LoadRequest request)
    {
        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        string victim = manifest.Content.Parties[0].Name;
        using PartySigningKey own = PartySigningKey.Generate();
        byte[] payload = CborMap.Of(("type", "orchestrator/approval/v1"), ("manifest", manifest.Digest), ("party", victim)).Encode();
        byte[] forged = CoseSign1.Sign(own, Approval.ContentType, Encoding.UTF8.GetBytes(victim), payload);

        var altered = new LoadRequest(request);
        altered.Approvals.Clear();
        altered.Approvals.Add(ByteString.CopyFrom(forged));
        altered.Approvals.AddRange(request.Approvals.Where(approval => Approval.Verify(approval.Memory, manifest).Party != victim));
        return altered;
    }
}
