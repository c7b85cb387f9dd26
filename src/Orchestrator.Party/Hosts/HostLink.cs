using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// A TLS channel to one host, recognised by its certificate, and the party's login there. Signatures for registration and
/// login cover the certificate, so that nobody in between can use them elsewhere (host.proto states the bytes).
/// </summary>
internal sealed class HostLink : IDisposable
{
    private const int MaxMessageBytes = 64 << 20;
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_reconnectPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_renewBefore = TimeSpan.FromMinutes(2);

    private readonly KeyStore _keys;
    private readonly TimeProvider _time;
    private readonly CertificatePin _pin;
    private readonly GrpcChannel _channel;
    private readonly SemaphoreSlim _loggingIn = new(1);
    private LoginReply? _login;

    public HostLink(Uri address, Digest? fingerprint, KeyStore keys, TimeProvider time)
    {
        _keys = keys;
        _time = time;
        _pin = new CertificatePin(fingerprint);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = s_connectTimeout,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = _pin.Accept },
            UseProxy = false,
        };
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,

            // gRPC's own pauses between attempts to connect grow to minutes, during which calls fail unattempted: a host that is back must be found.
            InitialReconnectBackoff = s_reconnectPause,
            MaxReconnectBackoff = 5 * s_reconnectPause,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
        });
        CallInvoker invoker = _channel.Intercept(new RpcClientErrors());
        Parties = new Parties.PartiesClient(invoker);
        Objects = new Objects.ObjectsClient(invoker);
        Jobs = new Jobs.JobsClient(invoker);
        Releases = new Releases.ReleasesClient(invoker);
    }

    public Parties.PartiesClient Parties { get; }

    public Objects.ObjectsClient Objects { get; }

    public Jobs.JobsClient Jobs { get; }

    public Releases.ReleasesClient Releases { get; }

    /// <summary>The certificate that the host is recognised by.</summary>
    public Digest Fingerprint => _pin.Fingerprint;

    /// <summary>Makes the party known to the host; once is enough, more does no harm.</summary>
    public Task RegisterAsync(CancellationToken cancel) => CallAsync(async () =>
    {
        // The first call shows the certificate that the proof has to name.
        await Parties.DescribeAsync(new DescribeRequest(), cancellationToken: cancel);
        PartyIdentity me = _keys.Identity;
        byte[] signingKey = me.SigningKey.ToArray();
        byte[] sealingKey = me.SealingKey.ToArray();
        byte[] proof = _keys.SigningKey.Sign([.. Bound("orchestrator/register/v1"), .. Encoding.UTF8.GetBytes(me.Name), 0, .. signingKey, .. sealingKey]);
        var request = new RegisterRequest
        {
            Identity = new Contracts.Protocol.Host.PartyIdentity
            {
                Name = me.Name,
                SigningKey = ByteString.CopyFrom(signingKey),
                SealingKey = ByteString.CopyFrom(sealingKey),
            },
            Proof = ByteString.CopyFrom(proof),
        };
        return await Parties.RegisterAsync(request, cancellationToken: cancel);
    });

    /// <summary>Makes a call as the logged-in party. A login that the host has forgotten is renewed, once.</summary>
    public async Task<T> CallAsync<T>(Func<Metadata, Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await CallAsync(async () => await call(await AuthorizeAsync(cancel)));
        }
        catch (OrchestratorException e) when (IsLoginLost(e))
        {
            return await CallAsync(async () => await call(await AuthorizeAsync(cancel)));
        }
    }

    /// <summary>The metadata of a call as the logged-in party.</summary>
    public async Task<Metadata> AuthorizeAsync(CancellationToken cancel) => Authorization(await LoginAsync(cancel));

    /// <summary>
    /// Gives a failed call its name: another certificate or nobody there, where gRPC only knows that it was in vain.
    /// After a login that the host has forgotten, the next call logs in again.
    /// </summary>
    public OrchestratorException Explain(OrchestratorException failure)
    {
        if (IsLoginLost(failure))
        {
            _login = null;
        }

        // A failed handshake reaches gRPC as an internal error of its own, an absent peer as unavailable.
        return failure.Code switch
        {
            { Id: var id } when _pin.Refused is { } refused && (id == RpcErrors.Internal.Id || id == RpcErrors.Unavailable.Id) => new OrchestratorException(
                ConnectionErrors.CertificateChanged, $"The host {_channel.Target} shows the certificate {refused}, not {_pin.Fingerprint}.", inner: failure),
            { Id: var id } when id == RpcErrors.Internal.Id && IsNoTls(failure) => new OrchestratorException(
                ConnectionErrors.HostAway, $"What answers at {_channel.Target} is no host: it does not speak TLS and HTTP/2 as one does.", inner: failure),
            { Id: var id } when id == RpcErrors.Unavailable.Id => new OrchestratorException(
                ConnectionErrors.HostAway, $"The host {_channel.Target} cannot be reached.", inner: failure),
            _ => failure,
        };
    }

    /// <summary>Whether a failure means that the host knows no login of this party any more.</summary>
    public static bool IsLoginLost(OrchestratorException failure) => failure.Code.Id == "auth-login-required";

    public void Dispose()
    {
        _channel.Dispose();
        _loggingIn.Dispose();
    }

    private static Metadata Authorization(LoginReply login) => new() { { "authorization", $"Bearer {login.Token}" } };

    private static bool IsNoTls(Exception? failure) =>
        failure is AuthenticationException || (failure is RpcException rpc && IsNoTls(rpc.Status.DebugException)) || (failure is not null && IsNoTls(failure.InnerException));

    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (OrchestratorException e)
        {
            throw Explain(e);
        }
    }

    private async Task<LoginReply> LoginAsync(CancellationToken cancel)
    {
        await _loggingIn.WaitAsync(cancel);
        try
        {
            if (_login is null || _time.GetUtcNow() + s_renewBefore >= DateTimeOffset.FromUnixTimeSeconds(_login.ExpiresUnixSeconds))
            {
                _login = await CallAsync(() => NewLoginAsync(cancel));
            }

            return _login;
        }
        finally
        {
            _loggingIn.Release();
        }
    }

    // A host that restarts in between does not know its challenge any more.
    private async Task<LoginReply> NewLoginAsync(CancellationToken cancel)
    {
        try
        {
            return await ProveAsync(cancel);
        }
        catch (OrchestratorException e) when (e.Code.Id == "auth-login-failed")
        {
            return await ProveAsync(cancel);
        }
    }

    private async Task<LoginReply> ProveAsync(CancellationToken cancel)
    {
        string me = _keys.Identity.Name;
        ChallengeReply challenge = await Parties.ChallengeAsync(new ChallengeRequest { Party = me }, cancellationToken: cancel);
        byte[] signature = _keys.SigningKey.Sign([.. Bound("orchestrator/login/v1"), .. Encoding.UTF8.GetBytes(me), 0, .. challenge.Challenge.Span]);
        var request = new LoginRequest { Party = me, Challenge = challenge.Challenge, Signature = ByteString.CopyFrom(signature) };
        return await Parties.LoginAsync(request, cancellationToken: cancel);
    }

    private byte[] Bound(string purpose) => [.. Encoding.UTF8.GetBytes(purpose), 0, .. Fingerprint.ToArray()];
}
