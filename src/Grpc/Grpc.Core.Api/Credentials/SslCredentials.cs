namespace Grpc.Core;

/// <summary>Decides about a server's certificate; true accepts it.</summary>
public delegate bool VerifyPeerCallback(VerifyPeerContext context);

/// <summary>A server to decide about.</summary>
public class VerifyPeerContext
{
    /// <summary>A server that was asked for as <paramref name="targetName"/> and showed <paramref name="peerPem"/>.</summary>
    public VerifyPeerContext(string targetName, string peerPem)
    {
        ArgumentNullException.ThrowIfNull(targetName);
        ArgumentNullException.ThrowIfNull(peerPem);
        TargetName = targetName;
        PeerPem = peerPem;
    }

    /// <summary>The name that the channel was made for.</summary>
    public string TargetName { get; }

    /// <summary>The server's certificate in PEM.</summary>
    public string PeerPem { get; }
}

/// <summary>A client certificate with its private key, both in PEM.</summary>
public sealed class KeyCertificatePair
{
    /// <summary>A certificate chain, leaf first, with the leaf's key.</summary>
    public KeyCertificatePair(string certificateChain, string privateKey)
    {
        ArgumentNullException.ThrowIfNull(certificateChain);
        ArgumentNullException.ThrowIfNull(privateKey);
        CertificateChain = certificateChain;
        PrivateKey = privateKey;
    }

    /// <summary>The certificate chain.</summary>
    public string CertificateChain { get; }

    /// <summary>The private key.</summary>
    public string PrivateKey { get; }
}

/// <summary>TLS on the client's side.</summary>
public sealed class SslCredentials : ChannelCredentials
{
    /// <summary>TLS with the platform's trusted roots.</summary>
    public SslCredentials()
        : this(null)
    {
    }

    /// <summary>TLS with the given roots, in PEM.</summary>
    public SslCredentials(string? rootCertificates)
        : this(rootCertificates, null)
    {
    }

    /// <summary>TLS with the given roots and a client certificate.</summary>
    public SslCredentials(string? rootCertificates, KeyCertificatePair? keyCertificatePair)
        : this(rootCertificates, keyCertificatePair, null)
    {
    }

    /// <summary>TLS with the given roots, a client certificate and a check of one's own.</summary>
    public SslCredentials(string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback)
    {
        RootCertificates = rootCertificates;
        KeyCertificatePair = keyCertificatePair;
        VerifyPeerCallback = verifyPeerCallback;
    }

    /// <summary>The trusted roots in PEM, or null for the platform's.</summary>
    public string? RootCertificates { get; }

    /// <summary>The client certificate, or null for none.</summary>
    public KeyCertificatePair? KeyCertificatePair { get; }

    internal override bool IsComposable => true;

    private VerifyPeerCallback? VerifyPeerCallback { get; }

    /// <inheritdoc />
    public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object? state) =>
        configurator.SetSslCredentials(state, RootCertificates, KeyCertificatePair, VerifyPeerCallback);
}
