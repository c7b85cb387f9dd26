using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Releases;
using Orchestrator.Host.Sessions;
using Protocol = Orchestrator.Contracts.Protocol.Host;
using Wire = Orchestrator.Contracts.Protocol;

namespace Orchestrator.Host.Stages;

/// <summary>Runs a stage of a job: launches its group, has every party judge it, carries keys, inputs and outputs. The host relays; every check that matters is the parties', the group's and the device's.</summary>
internal sealed class StageRunner(Manifest manifest, int attempt, Groups.GroupsClient shim, SessionLedger ledger, AgentRegistry agents, AgentRound round, StageIntake intake)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ByteString _job = ByteString.CopyFrom(manifest.Digest.ToArray());

    /// <summary>Takes a stage from nothing to a statement. If this throws, the group is gone.</summary>
    /// <exception cref="JobFailedException">A party refused the group.</exception>
    /// <exception cref="OrchestratorException">The group's failure, or somebody is away.</exception>
    public async Task<PreparedStage> RunAsync(ManifestStage stage, CancellationToken cancellationToken)
    {
        AgentAnswer[] nonces = await round.AskAllAsync(
            (party, _, cancel) => agents.AskForNonceAsync(party, new Protocol.NonceRequest { Job = _job, Attempt = (uint)attempt, Stage = stage.Name }, cancel), cancellationToken);
        LaunchReply group = await LaunchAsync(stage, nonces, cancellationToken);
        try
        {
            await ReleaseAsync(stage, group, nonces, cancellationToken);
            Note(EventKinds.StageRunning, $"Every party released its files to the group of stage {stage.Name}; its containers run.");
            (ByteString statement, Dictionary<int, Digest> streams) = await intake.RunAsync(shim, group.Group, stage, cancellationToken);
            Note(EventKinds.StagePrepared, $"Stage {stage.Name} is prepared: statement {Digest.Of(statement.Span)} by the group of evidence {Digest.Of(group.Evidence.Span)}.");
            return new PreparedStage(stage.Name, group.Group, new Wire.Preparation { Evidence = group.Evidence, Statement = statement }, streams);
        }
        catch
        {
            await EndAsync(shim, group.Group);
            throw;
        }
    }

    /// <summary>Ends a group; if the shim is gone, so is the group.</summary>
    public static async Task EndAsync(Groups.GroupsClient shim, string group)
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await shim.EndAsync(new EndRequest { Group = group }, cancellationToken: patience.Token);
        }
        catch (Exception exception) when (exception is OrchestratorException or OperationCanceledException)
        {
            // It has ended, or ends with the shim.
        }
    }

    private async Task<LaunchReply> LaunchAsync(ManifestStage stage, AgentAnswer[] nonces, CancellationToken cancellationToken)
    {
        var request = new LaunchRequest { Manifest = ByteString.CopyFrom(manifest.Encoding.Span), Stage = stage.Name };
        foreach ((string party, AgentAnswer answer) in round.Parties.Zip(nonces))
        {
            request.Nonces.Add(party, answer.Message.Nonce.Nonce_);
        }

        LaunchReply group = await shim.LaunchAsync(request, cancellationToken: cancellationToken);
        Note(EventKinds.GroupAttested, $"The group of stage {stage.Name} has attested; its evidence {Digest.Of(group.Evidence.Span)} is with every party's agent.");
        return group;
    }

    private async Task ReleaseAsync(ManifestStage stage, LaunchReply group, AgentAnswer[] nonces, CancellationToken cancellationToken)
    {
        AgentAnswer[] answers = await round.AskAllAsync(
            (party, index, cancel) => agents.OfferQuoteAsync(
                party, new QuoteOffer { Job = _job, Attempt = (uint)attempt, Stage = stage.Name, Evidence = group.Evidence }, nonces[index], cancel),
            cancellationToken);
        foreach ((string party, AgentAnswer answer) in round.Parties.Zip(answers))
        {
            await shim.ReleaseAsync(new ReleaseRequest { Group = group.Group, Party = party, SealedPackage = answer.Message.KeyPackage.SealedPackage }, cancellationToken: cancellationToken);
            ledger.Note(manifest.Digest, attempt, new AuditEvent(EventKinds.KeyPackageRelayed) { Party = party, Text = $"{party} released its files' keys to the group of stage {stage.Name}." });
        }
    }

    private void Note(string kind, string text) => ledger.Note(manifest.Digest, attempt, new AuditEvent(kind) { Text = text });
}
