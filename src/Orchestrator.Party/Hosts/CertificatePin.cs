using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Crypto;

namespace Orchestrator.Sdk;

/// <summary>
/// Recognises a host by the SHA-256 of its certificate (DER), whatever name or issuer stands in it. Without an expectation,
/// the first certificate seen becomes the expectation.
/// </summary>
internal sealed class CertificatePin(Digest? expected)
{
    private readonly Lock _gate = new();
    private Digest? _expected = expected;

    /// <summary>The certificate that was refused last; <see langword="null"/> when none was.</summary>
    public Digest? Refused { get; private set; }

    /// <summary>The certificate that the host is recognised by.</summary>
    /// <exception cref="InvalidOperationException">There was no expectation and no contact yet.</exception>
    public Digest Fingerprint => _expected ?? throw new InvalidOperationException("The host was not met yet.");

    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return false;
        }

        Digest seen = Digest.Of(certificate.GetRawCertData());
        lock (_gate)
        {
            _expected ??= seen;
            Refused = seen == _expected ? null : seen;
            return Refused is null;
        }
    }
}
