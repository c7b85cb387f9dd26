using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Releases;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Denial = Orchestrator.Attestation.Policies.Denial;

namespace Orchestrator.Sdk;

/// <summary>
/// Answers a host on a party's behalf: nonces and key packages for jobs that this key store has approved, to devices whose
/// fresh quote the party's policy accepts; to everything else a refusal with all its reasons. Keeps a log of both.
/// </summary>
public sealed class ReleaseAgent
{
    /// <summary>Codes of these areas speak of what a device or group shows.</summary>
    private static readonly string[] s_evidenceAreas = ["attestation-", "snp-", "group-", "stage-"];

    private readonly Party _party;
    private readonly PartyPolicy _policy;
    private readonly IProgress<ReleaseEvent>? _events;
    private readonly ReleaseLog _log;
    private readonly StageRelease _stages;

    // A nonce is good for one quote of one attempt. The newest attempt of a job, or of its stage, displaces the earlier ones.
    private readonly Dictionary<(Digest Job, string Stage), (uint Attempt, byte[] Nonce)> _nonces = [];

    /// <summary>Creates an agent.</summary>
    /// <param name="party">Whose keys.</param>
    /// <param name="policy">On which conditions.</param>
    /// <param name="events">Told of everything the agent does.</param>
    public ReleaseAgent(Party party, PartyPolicy policy, IProgress<ReleaseEvent>? events = null)
    {
        ArgumentNullException.ThrowIfNull(party);
        ArgumentNullException.ThrowIfNull(policy);
        _party = party;
        _policy = policy;
        _events = events;
        _log = new ReleaseLog(party.Home, party.Time);
        _stages = new StageRelease(party, policy);
    }

    /// <summary>Connects to a host, waiting for it with growing pauses if it is away, then attends it as <see cref="RunAsync(HostConnection, CancellationToken)"/> does.</summary>
    /// <param name="connect">Connects, as <see cref="Party.ConnectAsync"/> does.</param>
    /// <param name="cancel">Stops attending.</param>
    /// <exception cref="OrchestratorException">What <paramref name="connect"/> threw and waiting cannot mend, or the host's refusal to be attended.</exception>
    public async Task RunAsync(Func<CancellationToken, Task<HostConnection>> connect, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connect);
        var patience = new Patience(_party.Time, attempts: null);
        while (true)
        {
            try
            {
                await using HostConnection host = await connect(cancel);
                await RunAsync(host, cancel);
            }
            catch (OrchestratorException e) when (Patience.IsPassing(e))
            {
                _events?.Report(ReleaseEvent.Disconnected(e));
                await patience.WaitAsync(e, cancel);
            }
        }
    }

    /// <summary>Attends a host until cancelled; connects again, with growing pauses, for as long as it takes, whatever fails short of a refusal.</summary>
    /// <exception cref="OrchestratorException"><see cref="ConnectionErrors.CertificateChanged"/>, or the host's refusal to be attended.</exception>
    public async Task RunAsync(HostConnection host, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(host);
        var patience = new Patience(_party.Time, attempts: null);
        while (true)
        {
            try
            {
                await AttendAsync(host.Link, patience, cancel);
            }
            catch (OrchestratorException e)
            {
                OrchestratorException failure = host.Link.Explain(e);
                _events?.Report(ReleaseEvent.Disconnected(failure));
                await patience.WaitAsync(failure, cancel);
            }
        }
    }

    private async Task AttendAsync(HostLink link, Patience patience, CancellationToken cancel)
    {
        Metadata headers = await link.AuthorizeAsync(cancel);
        using AsyncDuplexStreamingCall<AgentMessage, HostMessage> call = link.Releases.Attend(headers, cancellationToken: cancel);
        await call.RequestStream.WriteAsync(new AgentMessage { Attending = new Attending() }, cancel);
        await call.ResponseHeadersAsync;
        _events?.Report(ReleaseEvent.Attending());
        while (await call.ResponseStream.MoveNext(cancel))
        {
            patience.Note(moved: true);
            if (Answer(call.ResponseStream.Current) is { } answer)
            {
                await call.RequestStream.WriteAsync(answer, cancel);
            }
        }

        throw new OrchestratorException(ConnectionErrors.HostAway, "The host ended the agent's connection.");
    }

    private AgentMessage? Answer(HostMessage message) => message.MessageCase switch
    {
        HostMessage.MessageOneofCase.NonceRequest => About(Answer(message.NonceRequest), message.NonceRequest.Stage),
        HostMessage.MessageOneofCase.QuoteOffer => About(Answer(message.QuoteOffer), message.QuoteOffer.Stage),
        HostMessage.MessageOneofCase.CheckpointWritten => Answer(message.CheckpointWritten),
        HostMessage.MessageOneofCase.JobEnded => Note(message.JobEnded),
        _ => null,
    };

    private AgentMessage? Answer(NonceRequest request)
    {
        if (JobOf(request.Job) is not { } job)
        {
            return null;
        }

        if (_party.Keys.FindApproved(job) is not { } manifest)
        {
            return Refuse(job, request.Attempt, null, [NotApproved(job)]);
        }

        // Every name is remembered with its nonce, so that invented ones would fill the memory.
        if (request.Stage.Length > 0 && manifest.FindStage(request.Stage) is null)
        {
            return RefuseFor(NoStage(request.Stage), job, request.Attempt, null);
        }

        byte[] nonce = RandomNumberGenerator.GetBytes(Quote.NonceSize);
        _nonces[(job, request.Stage)] = (request.Attempt, nonce);
        return new AgentMessage { Nonce = new Nonce { Job = request.Job, Attempt = request.Attempt, Nonce_ = ByteString.CopyFrom(nonce) } };
    }

    private AgentMessage? Answer(QuoteOffer offer)
    {
        if (JobOf(offer.Job) is not { } job)
        {
            return null;
        }

        using FileTurn turn = _party.Keys.TakeTurn();
        if (_party.Keys.FindApproved(job) is not { } manifest)
        {
            return Refuse(job, offer.Attempt, null, [NotApproved(job)]);
        }

        Evidence? evidence = null;
        try
        {
            if (offer.Stage.Length > 0)
            {
                return Answer(offer, manifest);
            }

            evidence = Evidence.Parse(offer.Evidence.Memory);
            VerifiedQuote quote = Verify(evidence);
            QuoteExpectations expectations = Expectations(manifest, offer.Attempt, quote) with { Preparations = _stages.Accepted(manifest, offer.Preparations) };
            ReleaseDecision decision = _policy.Rules.Validate(quote, expectations);
            return decision.Permit is { } permit
                ? Release(permit, manifest, offer.Attempt)
                : Refuse(job, offer.Attempt, evidence.Digest, decision.Denials);
        }
        catch (OrchestratorException e)
        {
            return RefuseFor(e, job, offer.Attempt, evidence?.Digest);
        }
    }

    private AgentMessage Answer(QuoteOffer offer, Manifest manifest)
    {
        ManifestStage stage = manifest.FindStage(offer.Stage) ?? throw NoStage(offer.Stage);
        (byte[]? package, VerifiedGroup? group, ImmutableArray<Denial> denials) =
            _stages.Answer(manifest, stage, offer.Evidence.Memory, TakeNonce(manifest.Digest, stage.Name, offer.Attempt));
        if (package is null)
        {
            return Refuse(manifest.Digest, offer.Attempt, group?.Digest, denials);
        }

        Report(ReleaseEvent.ReleasedToGroup(manifest, group!, [.. stage.Inputs.Where(input => input.Owner == _party.Name)], stage.Name));
        return new AgentMessage { KeyPackage = new KeyPackageOffer { Job = Name(manifest.Digest), Attempt = offer.Attempt, SealedPackage = ByteString.CopyFrom(package) } };
    }

    // Only the session that has the keys can raise what this party remembers: what an earlier one writes, if it still can, is no part of the job.
    private AgentMessage? Answer(CheckpointWritten written)
    {
        using FileTurn turn = _party.Keys.TakeTurn();
        if (JobOf(written.Job) is not { } job || _party.Keys.FindSession(job) is not { } session)
        {
            return null;
        }

        try
        {
            var evidence = Evidence.Parse(written.Evidence.Memory);
            if (evidence.Digest != session.Quote)
            {
                throw new OrchestratorException(ContractErrors.CheckpointStatementInvalid, "It is of another session than the one that has this party's keys.");
            }

            VerifiedQuote quote = Verify(evidence);
            CheckpointClaim claim = CheckpointStatement.Verify(written.Statement.Memory, quote).Claim;
            if (claim.Counter > (session.Memory.Checkpoint?.Counter ?? 0))
            {
                _party.Keys.AddSession(job, session with { Memory = session.Memory with { Checkpoint = claim } });
                _events?.Report(ReleaseEvent.CheckpointSeen(job, claim));
            }

            return new AgentMessage { CheckpointSeen = new CheckpointSeen { Job = written.Job, Counter = (uint)claim.Counter } };
        }
        catch (OrchestratorException e)
        {
            Report(ReleaseEvent.Refused(job, session.Quote, [Denial.FromFailedVerification(e, _party.Name)]));
            return null;
        }
    }

    // What a vendor has said stays said: older collateral is refused even while its time lasts. What holds in the future only is not remembered.
    private VerifiedQuote Verify(Evidence evidence)
    {
        Collateral collateral = _policy.ReadCollateral();
        if (collateral.Root is { } root)
        {
            DateTimeOffset since = collateral.Content.NotBefore;
            DateTimeOffset newest = _party.Keys.FindCollateral(root);
            if (since < newest)
            {
                throw new OrchestratorException(AttestationErrors.CollateralRolledBack, $"The collateral holds from {since:u} on; {_party.Name} has used other that holds from {newest:u} on.");
            }

            if (since > newest && since <= _party.Time.GetUtcNow())
            {
                _party.Keys.AddCollateral(root, since);
            }
        }

        return _policy.Verifier(_party.Time, collateral).Verify(evidence);
    }

    private QuoteExpectations Expectations(Manifest manifest, uint attempt, VerifiedQuote quote)
    {
        // Without a nonce of ours for this attempt, the expectation is a fresh one, which no quote can hold.
        byte[] nonce = TakeNonce(manifest.Digest, "", attempt) ?? RandomNumberGenerator.GetBytes(Quote.NonceSize);
        return new QuoteExpectations
        {
            Manifest = manifest.Digest,
            Firmware = manifest.Content.Device.Firmware,
            MinimumSecurityVersion = manifest.Content.Device.MinimumSecurityVersion,
            Nonce = nonce,
            LatestBoot = _party.Keys.FindBoot(quote.Claims.Ueid),
            Earlier = _party.Keys.FindSession(manifest.Digest)?.Memory,
        };
    }

    private byte[]? TakeNonce(Digest job, string stage, uint attempt) =>
        _nonces.Remove((job, stage), out (uint Attempt, byte[] Nonce) given) && given.Attempt == attempt ? given.Nonce : null;

    // The host matches answers and questions by the stage, too.
    private static AgentMessage? About(AgentMessage? answer, string stage)
    {
        switch (answer?.MessageCase)
        {
            case AgentMessage.MessageOneofCase.Nonce: answer.Nonce.Stage = stage; break;
            case AgentMessage.MessageOneofCase.KeyPackage: answer.KeyPackage.Stage = stage; break;
            case AgentMessage.MessageOneofCase.Refusal: answer.Refusal.Stage = stage; break;
        }

        return answer;
    }

    private AgentMessage Release(ReleasePermit permit, Manifest manifest, uint attempt)
    {
        var keys = new Dictionary<int, StreamKey>();
        try
        {
            foreach (ManifestStream stream in manifest.StreamsOf(_party.Name))
            {
                keys.Add(stream.Id, _party.Keys.StreamKeyOf(stream.Digest));
            }

            using CheckpointShare share = _party.Keys.CheckpointShareOf(manifest.Digest);
            CheckpointClaim? newest = _party.Keys.FindSession(manifest.Digest)?.Memory.Checkpoint;
            byte[] package = KeyPackage.Seal(permit, manifest, _party.Keys.SigningKey, keys, share, newest?.Counter ?? 0);

            // Noted before it is sent: what has left must be remembered, what is remembered may have left.
            Quote claims = permit.Quote.Claims;
            _party.Keys.AddBoot(claims.Ueid, claims.BootCounter);
            _party.Keys.AddSession(manifest.Digest, new ReleasedSession(permit.Quote.Digest, new EarlierSession(claims.Ueid, claims.BootCounter, newest)));
            Report(ReleaseEvent.Released(manifest, permit.Quote, [.. keys.Keys]));
            return new AgentMessage
            {
                KeyPackage = new KeyPackageOffer { Job = Name(manifest.Digest), Attempt = attempt, SealedPackage = ByteString.CopyFrom(package) },
            };
        }
        finally
        {
            foreach (StreamKey key in keys.Values)
            {
                key.Dispose();
            }
        }
    }

    // What is wrong with the evidence everyone may read. What is wrong on this machine (a file that cannot be read, a key
    // that is not there) stands in full in the party's own log only.
    private AgentMessage RefuseFor(OrchestratorException failure, Digest job, uint attempt, Digest? quote)
    {
        Denial denial = Denial.FromFailedVerification(failure, _party.Name);
        return s_evidenceAreas.Any(area => failure.Code.Id.StartsWith(area, StringComparison.Ordinal))
            ? Refuse(job, attempt, quote, [denial])
            : Refuse(job, attempt, quote, [denial], told: [denial with { Claim = "agent", Expected = "an agent that can answer", Observed = failure.Code.Meaning }]);
    }

    private AgentMessage Refuse(Digest job, uint attempt, Digest? quote, IReadOnlyList<Denial> denials, IReadOnlyList<Denial>? told = null)
    {
        Report(ReleaseEvent.Refused(job, quote, denials));
        var refusal = new Refusal { Job = Name(job), Attempt = attempt };
        refusal.Denials.AddRange((told ?? denials).Select(denial => new Contracts.Protocol.Denial
        {
            Code = denial.Code,
            Claim = denial.Claim,
            Expected = denial.Expected,
            Observed = denial.Observed,
            PolicyOf = denial.PolicyOf,
            Remedy = denial.Remedy,
        }));
        return new AgentMessage { Refusal = refusal };
    }

    private AgentMessage? Note(JobEnded ended)
    {
        if (JobOf(ended.Job) is { } job)
        {
            foreach ((Digest Job, string Stage) key in _nonces.Keys.Where(key => key.Job == job).ToList())
            {
                _nonces.Remove(key);
            }

            _events?.Report(ReleaseEvent.JobEnded(job, ended));
        }

        return null;
    }

    private void Report(ReleaseEvent released)
    {
        _log.Append(released);
        _events?.Report(released);
    }

    private Denial NotApproved(Digest job) => new(
        JobErrors.NotApproved.Id, "manifest", "a job approved in this key store", job.ToString(), _party.Name, JobErrors.NotApproved.Remedy);

    private static OrchestratorException NoStage(string name) => new(StageErrors.Unknown, $"The manifest has no stage {RpcErrors.Printable(name)}.");

    private static Digest? JobOf(ByteString job) => job.Length == Digest.Size ? new Digest(job.Span) : null;

    private static ByteString Name(Digest job) => ByteString.CopyFrom(job.ToArray());
}
