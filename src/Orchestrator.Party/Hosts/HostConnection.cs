using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// A party's connection to one host: files, jobs and the results. The host is trusted with nothing; whatever comes from it is
/// verified here, against the manifest that this party approved. Made by <see cref="Party.ConnectAsync"/>. Safe for concurrent use.
/// </summary>
public sealed class HostConnection : IAsyncDisposable
{
    private readonly Party _party;

    internal HostConnection(Party party, Uri address, HostLink link, bool isFirstContact)
    {
        _party = party;
        Transfer = new ObjectTransfer(link, party.Time);
        Address = address;
        Link = link;
        IsFirstContact = isFirstContact;
    }

    /// <summary>Where the host is.</summary>
    public Uri Address { get; }

    /// <summary>SHA-256 of the certificate (DER) that the host is recognised by.</summary>
    public Digest Fingerprint => Link.Fingerprint;

    /// <summary>Whether the certificate was taken on trust just now: compare <see cref="Fingerprint"/> with what the operator says.</summary>
    public bool IsFirstContact { get; }

    /// <summary>The largest file that is downloaded, in bytes, whatever the host announces. Default: 64 GiB, the largest object that a host takes unless told otherwise.</summary>
    public long MaximumDownloadBytes { get; set; } = 64L << 30;

    internal HostLink Link { get; }

    internal ObjectTransfer Transfer { get; }

    /// <summary>Uploads a sealed file; one that the host has already costs nothing, one that it has in part goes on from there.</summary>
    /// <returns>The stream's digest, its address on the host.</returns>
    /// <exception cref="OrchestratorException"><c>stream-digest-mismatch</c>: this party sealed the file, and it is not as it was then.</exception>
    public async Task<Digest> PushAsync(string path, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        StreamCard card = await Task.Run(() => _party.Keys.RequireAsSealed(StreamCard.Read(path)), cancel);
        await Transfer.PushAsync(path, card, progress, cancel);
        return card.Digest;
    }

    /// <summary>Downloads a sealed file, whole and with the digest asked for, or not at all.</summary>
    public async Task PullAsync(Digest digest, string path, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        using AtomicFile file = AtomicFile.Create(path);
        await Transfer.PullAsync(digest, file.Stream, MaximumDownloadBytes, progress, cancel);
        file.Commit();
    }

    /// <summary>Proposes a job and approves it on this party's behalf.</summary>
    /// <returns>The job's name, the digest of its manifest.</returns>
    public async Task<Digest> ProposeAsync(Manifest manifest, CancellationToken cancel = default)
    {
        _party.RequireNamedIn(manifest);
        var request = new ProposeRequest { Manifest = ByteString.CopyFrom(manifest.Encoding.Span), Approval = Sign(manifest) };

        // Kept first: the host may ask for keys as soon as it has the proposal.
        _party.Keys.AddApproval(manifest);
        await Link.CallAsync(headers => Link.Jobs.ProposeAsync(request, headers, cancellationToken: cancel).ResponseAsync, cancel);
        return manifest.Digest;
    }

    /// <summary>The manifest of a job, to review; its digest is checked.</summary>
    public async Task<Manifest> ManifestAsync(Digest job, CancellationToken cancel = default)
    {
        Job reply = await JobAsync(job, cancel);
        var manifest = Manifest.Decode(reply.Manifest.Memory);
        return manifest.Digest == job
            ? manifest
            : throw new OrchestratorException(JobErrors.OtherManifest, $"The host sent the manifest {manifest.Digest} for the job {job}.");
    }

    /// <summary>Approves a job: signs its manifest's digest, and lets this party's agent release keys for it.</summary>
    public async Task<Job> ApproveAsync(Manifest manifest, CancellationToken cancel = default)
    {
        _party.RequireNamedIn(manifest);
        var request = new ApproveRequest { Job = Name(manifest.Digest), Approval = Sign(manifest) };
        _party.Keys.AddApproval(manifest);
        return await Link.CallAsync(headers => Link.Jobs.ApproveAsync(request, headers, cancellationToken: cancel).ResponseAsync, cancel);
    }

    /// <summary>Takes this party's consent back. From now on its agent releases nothing for the job, whatever the host does.</summary>
    public async Task<Job> WithdrawAsync(Digest job, string reason = "", CancellationToken cancel = default)
    {
        Manifest? manifest = _party.Keys.FindApproved(job);
        _party.Keys.RemoveApproval(job);
        manifest ??= await ManifestAsync(job, cancel);
        var request = new WithdrawRequest
        {
            Job = Name(job),
            Reason = reason,
            Withdrawal = ByteString.CopyFrom(Contracts.Approvals.Withdrawal.Sign(manifest, _party.Name, _party.Keys.SigningKey).Bytes.Span),
        };
        return await Link.CallAsync(headers => Link.Jobs.WithdrawAsync(request, headers, cancellationToken: cancel).ResponseAsync, cancel);
    }

    /// <summary>Ends a job that this party proposed.</summary>
    public Task<Job> CancelAsync(Digest job, string reason = "", CancellationToken cancel = default)
    {
        var request = new CancelRequest { Job = Name(job), Reason = reason };
        return Link.CallAsync(headers => Link.Jobs.CancelAsync(request, headers, cancellationToken: cancel).ResponseAsync, cancel);
    }

    /// <summary>A job as the host describes it.</summary>
    public Task<Job> JobAsync(Digest job, CancellationToken cancel = default) =>
        Link.CallAsync(headers => Link.Jobs.GetAsync(new GetJobRequest { Job = Name(job) }, headers, cancellationToken: cancel).ResponseAsync, cancel);

    /// <summary>Devices of the host, as it describes them: hints to rehearse with. Those that it describes badly are left out.</summary>
    public async Task<IReadOnlyList<PredictedDevice>> DevicesAsync(CancellationToken cancel = default)
    {
        DescribeReply reply = await Link.CallAsync(headers => Link.Parties.DescribeAsync(new DescribeRequest(), headers, cancellationToken: cancel).ResponseAsync, cancel);
        return [.. reply.Devices.Select(PredictedDevice.From).OfType<PredictedDevice>()];
    }

    /// <summary>The jobs that name this party, as the host describes them.</summary>
    public async Task<IReadOnlyList<Job>> JobsAsync(CancellationToken cancel = default) =>
        (await Link.CallAsync(headers => Link.Jobs.ListAsync(new ListJobsRequest(), headers, cancellationToken: cancel).ResponseAsync, cancel)).Jobs;

    /// <summary>Every event of a job after number <paramref name="after"/>, then live, to the job's end. Goes on by itself when the host restarts.</summary>
    public async IAsyncEnumerable<JobEvent> WatchAsync(Digest job, ulong after = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        // About a minute: as long as a host takes to restart, on a slow machine.
        var patience = new Patience(_party.Time, attempts: 12);
        while (true)
        {
            await using IAsyncEnumerator<JobEvent> events = ReadEvents(job, after, cancel).GetAsyncEnumerator(cancel);
            OrchestratorException? failure = null;
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (OrchestratorException e)
                {
                    failure = Link.Explain(e);
                    break;
                }

                patience.Note(moved: true);
                after = events.Current.Sequence;
                yield return events.Current;
            }

            await patience.WaitAsync(failure, cancel);
        }
    }

    /// <summary>Fetches a completed job's outputs for this party, verifies the receipt, and opens them. Nothing half done is left behind.</summary>
    /// <param name="job">The job.</param>
    /// <param name="folder">Where the files go: outputs, opened and sealed, and the receipt.</param>
    /// <param name="policy">Whose roots and rules the device must satisfy.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<JobResult> ResultAsync(Digest job, string folder, PartyPolicy policy, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        new ResultDownload(_party, this, policy).RunAsync(job, folder, progress, cancel);

    /// <summary>Releases nothing; closes the connection.</summary>
    public ValueTask DisposeAsync()
    {
        Link.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<JobEvent> ReadEvents(Digest job, ulong after, [EnumeratorCancellation] CancellationToken cancel)
    {
        Metadata headers = await Link.AuthorizeAsync(cancel);
        using AsyncServerStreamingCall<JobEvent> call = Link.Jobs.Watch(new WatchRequest { Job = Name(job), After = after }, headers, cancellationToken: cancel);
        while (await call.ResponseStream.MoveNext(cancel))
        {
            yield return call.ResponseStream.Current;
        }
    }

    private ByteString Sign(Manifest manifest) =>
        ByteString.CopyFrom(Contracts.Approvals.Approval.Sign(manifest, _party.Name, _party.Keys.SigningKey).Bytes.Span);

    private static ByteString Name(Digest job) => ByteString.CopyFrom(job.ToArray());
}
