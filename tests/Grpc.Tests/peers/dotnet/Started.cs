using Grpc.Core;

namespace Grpc.Peer;

/// <summary>A call of any kind that is under way, with the task that ends when the call does.</summary>
internal sealed record Started(Task Finished, Task<Metadata> Headers, Func<Status> Status, Func<Metadata> Trailers, IDisposable Handle)
{
    internal static Started Unary(AsyncUnaryCall<Blob> call, Action<Blob> received) =>
        new(ReceiveAsync(call.ResponseAsync, received), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call);

    internal static Started Down(AsyncServerStreamingCall<Blob> call, Action<Blob> received) =>
        new(ReceiveAsync(call.ResponseStream, received), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call);

    internal static Started Up(AsyncClientStreamingCall<Blob, Blob> call, IEnumerable<Blob> requests, Action<Blob> received) =>
        new(UploadAsync(call, requests, received), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call);

    internal static Started Both(AsyncDuplexStreamingCall<Blob, Blob> call, IEnumerable<Blob> requests, Action<Blob> received) =>
        new(ConverseAsync(call, requests, received), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call);

    private static async Task ReceiveAsync(Task<Blob> response, Action<Blob> received) => received(await response);

    private static async Task ReceiveAsync(IAsyncStreamReader<Blob> responses, Action<Blob> received)
    {
        await foreach (Blob response in responses.ReadAllAsync())
        {
            received(response);
        }
    }

    private static async Task UploadAsync(AsyncClientStreamingCall<Blob, Blob> call, IEnumerable<Blob> requests, Action<Blob> received)
    {
        foreach (Blob request in requests)
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        received(await call);
    }

    private static async Task ConverseAsync(AsyncDuplexStreamingCall<Blob, Blob> call, IEnumerable<Blob> requests, Action<Blob> received)
    {
        foreach (Blob request in requests)
        {
            await call.RequestStream.WriteAsync(request);
            if (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                received(call.ResponseStream.Current);
            }
        }

        await call.RequestStream.CompleteAsync();
        await ReceiveAsync(call.ResponseStream, received);
    }
}
