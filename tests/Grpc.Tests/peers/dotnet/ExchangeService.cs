using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Grpc.Core;

namespace Grpc.Peer;

/// <summary>The calls of Wait that were cancelled, by request.</summary>
internal sealed class Cancellations
{
    private readonly ConcurrentDictionary<ByteString, TaskCompletionSource> calls = new();

    internal TaskCompletionSource this[ByteString request] =>
        calls.GetOrAdd(request, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>The methods of <c>exchange.proto</c>, as documented there.</summary>
internal sealed class ExchangeService(Cancellations cancellations, TimeProvider time) : Exchange.ExchangeBase
{
    public override async Task<Blob> Echo(Blob request, ServerCallContext context)
    {
        Metadata headers = [];
        foreach (Metadata.Entry entry in context.RequestHeaders.Where(entry => entry.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            headers.Add(entry);
            context.ResponseTrailers.Add(entry);
        }

        await context.WriteResponseHeadersAsync(headers);
        return request;
    }

    public override async Task<Blob> Concatenate(IAsyncStreamReader<Blob> requestStream, ServerCallContext context)
    {
        using var all = new MemoryStream();
        await foreach (Blob request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            request.Body.WriteTo(all);
        }

        return new Blob { Body = ByteString.CopyFrom(all.ToArray()) };
    }

    public override async Task Split(Blob request, IServerStreamWriter<Blob> responseStream, ServerCallContext context)
    {
        foreach (byte part in request.Body)
        {
            await responseStream.WriteAsync(new Blob { Body = ByteString.CopyFrom(part) }, context.CancellationToken);
        }
    }

    public override async Task Converse(
        IAsyncStreamReader<Blob> requestStream, IServerStreamWriter<Blob> responseStream, ServerCallContext context)
    {
        await foreach (Blob request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(request, context.CancellationToken);
        }
    }

    public override Task<Blob> Fail(Blob request, ServerCallContext context)
    {
        if (request.Body.IsEmpty)
        {
            throw new InvalidOperationException("Asked to throw.");
        }

        var status = new Status((StatusCode)request.Body[0], request.Body.Memory[1..].Span.ToText());
        throw new RpcException(status, new Metadata { { "x-reason", "as asked" }, { "x-reason-bin", [0, 255] } });
    }

    public override async Task Wait(Blob request, IServerStreamWriter<Blob> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(request, context.CancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ContinueWith(
            _ => cancellations[request.Body].TrySetResult(), TaskScheduler.Default);
    }

    public override async Task<Blob> Cancelled(Blob request, ServerCallContext context)
    {
        await cancellations[request.Body].Task.WaitAsync(context.CancellationToken);
        return request;
    }

    public override Task<Blob> Remaining(Blob request, ServerCallContext context)
    {
        string left = context.Deadline == DateTime.MaxValue
            ? "none"
            : ((long)(context.Deadline - time.GetUtcNow().UtcDateTime).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        return Task.FromResult(new Blob { Body = ByteString.CopyFromUtf8(left) });
    }

    public override Task<Blob> Produce(Blob request, ServerCallContext context) =>
        Task.FromResult(new Blob { Body = Pattern.OfSize(int.Parse(request.Body.ToStringUtf8(), CultureInfo.InvariantCulture)) });
}

/// <summary>Bodies of a given size, and their text.</summary>
internal static class Pattern
{
    private const int Period = 251;

    internal static ByteString OfSize(int size)
    {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)(i % Period);
        }

        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    internal static string ToText(this ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
