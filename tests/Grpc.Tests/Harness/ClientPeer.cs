using System.Text.Json.Nodes;

namespace Grpc.Tests.Harness;

/// <summary>A peer that calls, one call at a time.</summary>
public sealed class ClientPeer : IAsyncDisposable
{
    private readonly PeerProcess process;

    private ClientPeer(PeerProcess process) => this.process = process;

    internal static ClientPeer Start<TKind>(int port, IEnumerable<string> arguments)
        where TKind : IPeerKind =>
        new(PeerProcess.Start<TKind>(["call", "--address", $"127.0.0.1:{port}", .. arguments]));

    /// <summary>Starts a call; its responses and its outcome can then be awaited.</summary>
    internal Task SendAsync(Order order) => process.WriteLineAsync(order.ToJson());

    /// <summary>The next response of the call that was sent.</summary>
    internal async Task<string> ResponseAsync()
    {
        JsonNode line = JsonNode.Parse(await process.ReadLineAsync())!;
        return line["response"]?.GetValue<string>() ?? throw new InvalidOperationException("No response: " + line.ToJsonString());
    }

    /// <summary>How the call that was sent ends, with the responses not read yet.</summary>
    internal async Task<Outcome> OutcomeAsync()
    {
        var responses = new List<string>();
        while (true)
        {
            JsonNode line = JsonNode.Parse(await process.ReadLineAsync())!;
            if (line["response"] is not { } response)
            {
                return Outcome.FromJson(line, responses);
            }

            responses.Add(response.GetValue<string>());
        }
    }

    internal async Task<Outcome> CallAsync(Order order)
    {
        await SendAsync(order);
        return await OutcomeAsync();
    }

    internal Task KillAsync() => process.KillAsync();

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
