using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Host.Jobs;

namespace Orchestrator.Host.Services;

/// <summary>Proposals, approvals, and the event stream.</summary>
internal sealed class JobsService(JobBook book, ChangeSignal changes, IHostApplicationLifetime lifetime) : Contracts.Protocol.Host.Jobs.JobsBase
{
    public override Task<ProposeReply> Propose(ProposeRequest request, ServerCallContext context)
    {
        Digest job = book.Propose(Authentication.CallerOf(context), request.Manifest.Memory, request.Approval.Memory);
        return Task.FromResult(new ProposeReply { Job = ByteString.CopyFrom(job.ToArray()) });
    }

    public override Task<Job> Get(GetJobRequest request, ServerCallContext context) =>
        Task.FromResult(book.Get(Authentication.CallerOf(context), JobOf(request.Job)));

    public override Task<ListJobsReply> List(ListJobsRequest request, ServerCallContext context)
    {
        var reply = new ListJobsReply();
        reply.Jobs.AddRange(book.List(Authentication.CallerOf(context)));
        return Task.FromResult(reply);
    }

    public override Task<Job> Approve(ApproveRequest request, ServerCallContext context) =>
        Task.FromResult(book.Approve(Authentication.CallerOf(context), JobOf(request.Job), request.Approval.Memory));

    public override Task<Job> Withdraw(WithdrawRequest request, ServerCallContext context) =>
        Task.FromResult(book.Withdraw(Authentication.CallerOf(context), JobOf(request.Job), request.Reason, request.Withdrawal.Memory));

    public override Task<Job> Cancel(CancelRequest request, ServerCallContext context) =>
        Task.FromResult(book.Cancel(Authentication.CallerOf(context), JobOf(request.Job), request.Reason));

    public override async Task Watch(WatchRequest request, IServerStreamWriter<JobEvent> responseStream, ServerCallContext context)
    {
        string caller = Authentication.CallerOf(context);
        Digest job = JobOf(request.Job);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        long after = Requests.Number(request.After, HostErrors.JobNotFound);
        while (true)
        {
            Task changed = changes.Next;
            (List<JobEvent> events, bool ended) = book.EventsAfter(caller, job, after);
            foreach (JobEvent happened in events)
            {
                await responseStream.WriteAsync(happened, ending.Token);
                after = (long)happened.Sequence;
            }

            if (ended)
            {
                return;
            }

            if (events.Count == 0)
            {
                await changed.WaitAsync(ending.Token);
            }
        }
    }

    private static Digest JobOf(ByteString field) => Requests.Digest(field, HostErrors.JobNotFound);
}
