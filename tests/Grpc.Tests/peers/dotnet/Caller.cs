using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Grpc.Peer;

/// <summary>Makes the calls that standard input asks for, and prints how they go.</summary>
internal sealed class Caller(Exchange.ExchangeClient client, string? compression, TimeProvider time)
{
    private const int LongestInHex = 1024;

    internal static async Task RunAsync(string address, string? root, int? limit, string? compression)
    {
        using var handler = new SocketsHttpHandler();
        if (root is not null)
        {
            handler.SslOptions.CertificateChainPolicy = Trusting(root);
        }

        using GrpcChannel channel = GrpcChannel.ForAddress(
            $"{(root is null ? "http" : "https")}://{address}",
            new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = limit });
        var caller = new Caller(new Exchange.ExchangeClient(channel), compression, TimeProvider.System);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            await caller.CallAsync(JsonNode.Parse(line)!.AsObject());
        }
    }

    private static X509ChainPolicy Trusting(string root)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(root);
        return policy;
    }

    private async Task CallAsync(JsonObject call)
    {
        using var cancellation = new CancellationTokenSource();
        Blob[] requests = [.. call["requests"]!.AsArray().Select(ReadRequest)];
        int left = call["cancelAfter"]?.GetValue<int>() ?? int.MaxValue;
        void Received(Blob response)
        {
            Print(new JsonObject { ["response"] = Describe(response.Body) });
            if (--left == 0)
            {
                cancellation.Cancel();
            }
        }

        CallOptions options = Options(call, cancellation.Token);
        Started started = call["method"]!.GetValue<string>() switch
        {
            "Echo" => Started.Unary(client.EchoAsync(requests[0], options), Received),
            "Fail" => Started.Unary(client.FailAsync(requests[0], options), Received),
            "Cancelled" => Started.Unary(client.CancelledAsync(requests[0], options), Received),
            "Remaining" => Started.Unary(client.RemainingAsync(requests[0], options), Received),
            "Produce" => Started.Unary(client.ProduceAsync(requests[0], options), Received),
            "Split" => Started.Down(client.Split(requests[0], options), Received),
            "Wait" => Started.Down(client.Wait(requests[0], options), Received),
            "Concatenate" => Started.Up(client.Concatenate(options), requests, Received),
            "Converse" => Started.Both(client.Converse(options), requests, Received),
            string unknown => Started.Unary(UnknownMethod(unknown, options, requests[0]), Received),
        };
        Print(await OutcomeAsync(started));
    }

    private AsyncUnaryCall<Blob> UnknownMethod(string name, CallOptions options, Blob request)
    {
        Marshaller<Blob> marshaller = Marshallers.Create(blob => blob.ToByteArray(), Blob.Parser.ParseFrom);
        return client.Invoker.AsyncUnaryCall(
            new Method<Blob, Blob>(MethodType.Unary, "exchange.Exchange", name, marshaller, marshaller), null, options, request);
    }

    private CallOptions Options(JsonObject call, CancellationToken cancellationToken)
    {
        Metadata headers = [];
        foreach (JsonArray entry in call["metadata"]?.AsArray().Cast<JsonArray>() ?? [])
        {
            (string key, string value) = (entry[0]!.GetValue<string>(), entry[1]!.GetValue<string>());
            headers.Add(key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal)
                ? new Metadata.Entry(key, Convert.FromHexString(value))
                : new Metadata.Entry(key, value));
        }

        if (compression is not null)
        {
            headers.Add("grpc-internal-encoding-request", compression);
        }

        DateTime? deadline = call["timeout"] is { } seconds
            ? time.GetUtcNow().UtcDateTime.AddSeconds(seconds.GetValue<double>())
            : null;
        return new CallOptions(headers, deadline, cancellationToken);
    }

    private static async Task<JsonObject> OutcomeAsync(Started call)
    {
        using (call.Handle)
        {
            try
            {
                await call.Finished;
                return Describe(call.Status(), await call.Headers, call.Trailers());
            }
            catch (RpcException failure)
            {
                Metadata headers = call.Headers.IsCompletedSuccessfully ? await call.Headers : Metadata.Empty;
                return Describe(failure.Status, headers, failure.Trailers);
            }
        }
    }

    private static Blob ReadRequest(JsonNode? request) => new()
    {
        Body = request is JsonObject sized
            ? Pattern.OfSize(sized["size"]!.GetValue<int>())
            : ByteString.CopyFrom(Convert.FromHexString(request!.GetValue<string>())),
    };

    private static string Describe(ByteString body) => body.Length <= LongestInHex
        ? Convert.ToHexStringLower(body.Span)
        : $"{body.Length}:{Convert.ToHexStringLower(SHA256.HashData(body.Span))}";

    private static JsonObject Describe(Status status, Metadata headers, Metadata trailers) => new()
    {
        ["status"] = (int)status.StatusCode,
        ["detail"] = status.Detail,
        ["headers"] = Describe(headers),
        ["trailers"] = Describe(trailers),
    };

    private static JsonArray Describe(Metadata metadata) => new(
    [
        .. metadata.Where(entry => entry.Key.StartsWith("x-", StringComparison.Ordinal)).Select(entry => new JsonArray(
            entry.Key, entry.IsBinary ? Convert.ToHexStringLower(entry.ValueBytes) : entry.Value)),
    ]);

    private static void Print(JsonObject line) => Console.WriteLine(line.ToJsonString(JsonSerializerOptions.Default));
}
