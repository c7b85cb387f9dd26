using Grpc.Core;
using Grpc.Tests.Harness;

namespace Grpc.Tests.Interoperability;

/// <summary>The same over TLS, and what only TLS does.</summary>
public abstract class InteroperabilityOverTlsTests<TClient, TServer>(Pair<TClient, TServer, Tls> pair)
    : InteroperabilityTests<TClient, TServer, Tls>(pair)
    where TClient : IPeerKind
    where TServer : IPeerKind
{
    [Fact]
    public async Task Server_WithAnotherCertificate_IsNotCalled()
    {
        using var other = new CertificateFiles();
        await using ClientPeer client = Pair.StartClientTrusting(other, Pair.Server.Port);

        Outcome outcome = await client.CallAsync(new Order("Echo", new Body("01")));

        // Implementations differ: a server that cannot be trusted is unavailable to some, an internal error to others.
        Assert.True(outcome.Status is StatusCode.Unavailable or StatusCode.Internal, outcome.ToString());
        Assert.Empty(outcome.Responses);
    }
}
