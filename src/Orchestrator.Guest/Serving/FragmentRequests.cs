using Orchestrator.Containers.Enforcement;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Guest.Decisions;

namespace Orchestrator.Guest.Serving;

/// <summary>Requests to extend the policy by what its owners let others say: fragments, and lists of transparency services that vouch for them.</summary>
internal sealed class FragmentRequests(Gate gate, TimeProvider time)
{
    private const int MaxFragment = 4 << 20;

    public Task<CborValue> LoadAsync(CborField body)
    {
        ReadOnlyMemory<byte> message = body.ReadMap(map => map.Required("fragment").AsBytes(MaxFragment));
        return gate.PerformAsync<CborValue>(
            () => PublishedStatement.Verify(message, time.GetUtcNow()),
            _ => Task.FromResult<CborValue>(CborMap.Of()));
    }
}
