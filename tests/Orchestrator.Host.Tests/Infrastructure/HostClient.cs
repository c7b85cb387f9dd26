using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A party's connection, made of the generated stubs alone, so that it can also misbehave. It accepts one certificate.</summary>
internal sealed class HostClient : IDisposable
{
    private readonly Digest _fingerprint;
    private readonly GrpcChannel _channel;

    public HostClient(Uri address, Digest fingerprint, TestParty party)
    {
        _fingerprint = fingerprint;
        Party = party;
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => Digest.Of(certificate!.GetRawCertData()) == fingerprint;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        CallInvoker calls = _channel.Intercept(new RpcClientErrors());
        Parties = new Parties.PartiesClient(calls);
        Objects = new Contracts.Protocol.Host.Objects.ObjectsClient(calls);
        Jobs = new Contracts.Protocol.Host.Jobs.JobsClient(calls);
        Releases = new Contracts.Protocol.Host.Releases.ReleasesClient(calls);
    }

    public TestParty Party { get; }

    public Parties.PartiesClient Parties { get; }

    public Contracts.Protocol.Host.Objects.ObjectsClient Objects { get; }

    public Contracts.Protocol.Host.Jobs.JobsClient Jobs { get; }

    public Contracts.Protocol.Host.Releases.ReleasesClient Releases { get; }

    public Metadata Headers { get; private set; } = [];

    public static byte[] Proof(TestParty party, Digest certificate, string? name = null) => party.SigningKey.Sign(
        [.. "orchestrator/register/v1"u8, 0, .. certificate.ToArray(), .. Encoding.UTF8.GetBytes(name ?? party.Name), 0, .. party.SigningKey.VerificationKey.ToArray(), .. party.SealingKey.PublicKey.ToArray()]);

    public static byte[] SignChallenge(TestParty party, Digest certificate, ByteString challenge) => party.SigningKey.Sign(
        [.. "orchestrator/login/v1"u8, 0, .. certificate.ToArray(), .. Encoding.UTF8.GetBytes(party.Name), 0, .. challenge.ToByteArray()]);

    public void UseToken(string token) => Headers = new Metadata { { "authorization", $"Bearer {token}" } };

    public RegisterRequest Registration() => new()
    {
        Identity = new PartyIdentity
        {
            Name = Party.Name,
            SigningKey = ByteString.CopyFrom(Party.SigningKey.VerificationKey.ToArray()),
            SealingKey = ByteString.CopyFrom(Party.SealingKey.PublicKey.ToArray()),
        },
        Proof = ByteString.CopyFrom(Proof(Party, _fingerprint)),
    };

    public async Task RegisterAsync() => await Parties.RegisterAsync(Registration());

    public async Task<ByteString> ChallengeAsync() => (await Parties.ChallengeAsync(new ChallengeRequest { Party = Party.Name })).Challenge;

    public async Task<LoginReply> LoginAsync() => await LoginAsync(await ChallengeAsync());

    public async Task<LoginReply> LoginAsync(ByteString challenge)
    {
        LoginReply reply = await Parties.LoginAsync(new LoginRequest
        {
            Party = Party.Name,
            Challenge = challenge,
            Signature = ByteString.CopyFrom(SignChallenge(Party, _fingerprint, challenge)),
        });
        UseToken(reply.Token);
        return reply;
    }

    public async Task<StatReply> StatAsync(Digest digest) => await Objects.StatAsync(new StatRequest { Digest = Bytes(digest) }, Headers);

    /// <summary>One upload call: the first message says what <paramref name="digest"/>, <paramref name="size"/> and <paramref name="offset"/> say, whatever the bytes are.</summary>
    public async Task<PutReply> PutAsync(Digest digest, long size, long offset, ReadOnlyMemory<byte> bytes, int pieceSize = 1 << 16)
    {
        using AsyncClientStreamingCall<PutRequest, PutReply> call = Objects.Put(Headers);
        var request = new PutRequest { Digest = Bytes(digest), Size = (ulong)size, Offset = (ulong)offset };
        try
        {
            do
            {
                int count = Math.Min(pieceSize, bytes.Length);
                request.Data = ByteString.CopyFrom(bytes.Span[..count]);
                await call.RequestStream.WriteAsync(request);
                bytes = bytes[count..];
                request = new PutRequest();
            }
            while (bytes.Length > 0);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception failure) when (failure is Errors.OrchestratorException or InvalidOperationException)
        {
            // The host ended the call; the reply says why.
        }

        return await call.ResponseAsync;
    }

    public Task<PutReply> PutAsync(SealedSample sample) => PutAsync(sample.Digest, sample.Bytes.Length, 0, sample.Bytes);

    public async Task<byte[]> GetAsync(Digest digest, long offset = 0)
    {
        using AsyncServerStreamingCall<GetReply> call = Objects.Get(new GetRequest { Digest = Bytes(digest), Offset = (ulong)offset }, Headers);
        var all = new MemoryStream();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            all.Write(call.ResponseStream.Current.Data.Span);
        }

        return all.ToArray();
    }

    public void Dispose() => _channel.Dispose();

    public static ByteString Bytes(Digest digest) => ByteString.CopyFrom(digest.ToArray());
}
