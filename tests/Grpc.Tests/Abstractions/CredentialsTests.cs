using Grpc.Core;

namespace Grpc.Tests.Abstractions;

public class CredentialsTests
{
    private static readonly CallCredentials Token = CallCredentials.FromInterceptor((_, _) => Task.CompletedTask);

    [Fact]
    public void Channel_Credentials_TellWhatTheyConsistOf()
    {
        var pair = new KeyCertificatePair("chain", "key");
        bool Accept(VerifyPeerContext context) => context.PeerPem.Length > 0;

        Assert.Equal("insecure", Describe(ChannelCredentials.Insecure));
        Assert.Equal("ssl(,,)", Describe(ChannelCredentials.SecureSsl));
        Assert.Equal("ssl(roots,chain,verify)", Describe(new SslCredentials("roots", pair, Accept)));
        Assert.Equal("ssl(roots,,)+token", Describe(ChannelCredentials.Create(new SslCredentials("roots"), Token)));
    }

    [Fact]
    public void Call_Credentials_ComposeInOrder() =>
        Assert.Equal("[token,[token,token]]", Describe(CallCredentials.Compose(Token, CallCredentials.Compose(Token, Token))));

    [Fact]
    public void Call_Credentials_DoNotComposeAlone() => Assert.Throws<ArgumentException>(() => CallCredentials.Compose(Token));

    [Fact]
    public void Call_Credentials_NeedAProtectedChannel() =>
        Assert.Throws<ArgumentException>(() => ChannelCredentials.Create(ChannelCredentials.Insecure, Token));

    [Fact]
    public void Peer_WithAnIdentity_IsAuthenticated()
    {
        AuthProperty name = AuthProperty.Create("name", "alice"u8.ToArray());
        var known = new AuthContext("name", new() { ["name"] = [name], ["other"] = [AuthProperty.Create("other", [1])] });
        var unknown = new AuthContext(null, []);

        Assert.True(known.IsPeerAuthenticated);
        Assert.Equal("alice", Assert.Single(known.PeerIdentity).Value);
        Assert.Equal(2, known.Properties.Count());
        Assert.Empty(known.FindPropertiesByName("absent"));
        Assert.False(unknown.IsPeerAuthenticated);
        Assert.Empty(unknown.PeerIdentity);
    }

    private static string Describe(ChannelCredentials credentials)
    {
        var describer = new ChannelDescriber();
        credentials.InternalPopulateConfiguration(describer, null);
        return describer.Text;
    }

    private static string Describe(CallCredentials credentials)
    {
        var describer = new CallDescriber();
        credentials.InternalPopulateConfiguration(describer, null);
        return describer.Text;
    }

    private sealed class ChannelDescriber : ChannelCredentialsConfiguratorBase
    {
        public string Text { get; private set; } = "";

        public override void SetInsecureCredentials(object? state) => Text = "insecure";

        public override void SetSslCredentials(
            object? state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback) =>
            Text = $"ssl({rootCertificates},{keyCertificatePair?.CertificateChain},{(verifyPeerCallback is null ? "" : "verify")})";

        public override void SetCompositeCredentials(object? state, ChannelCredentials channelCredentials, CallCredentials callCredentials) =>
            Text = $"{Describe(channelCredentials)}+{Describe(callCredentials)}";
    }

    private sealed class CallDescriber : CallCredentialsConfiguratorBase
    {
        public string Text { get; private set; } = "";

        public override void SetCompositeCredentials(object? state, IReadOnlyList<CallCredentials> credentials) =>
            Text = $"[{string.Join(',', credentials.Select(Describe))}]";

        public override void SetAsyncAuthInterceptorCredentials(object? state, AsyncAuthInterceptor interceptor) => Text = "token";
    }
}
