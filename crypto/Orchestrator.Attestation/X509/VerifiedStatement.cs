using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.X509;

/// <summary>
/// A statement that its issuer signed: COSE_Sign1 with the signer's chain, and an issuer (did:x509) that this chain is the chain of. Only
/// <see cref="Verify"/> makes one. Whether the issuer is one to trust is for a policy to say.
/// </summary>
public sealed class VerifiedStatement
{
    /// <summary>The longest message, in bytes.</summary>
    public const int MaxBytes = 9 << 20;

    private VerifiedStatement(SignedStatement statement, DateTimeOffset judgedAt)
    {
        ContentType = statement.Header.ContentType;
        Issuer = statement.Header.Issuer;
        Feed = statement.Header.Feed;
        Svn = statement.Header.Svn;
        Payload = statement.Payload;
        Receipts = statement.Receipts;
        BareDigest = SHA256.HashData(statement.Bare());
        JudgedAt = judgedAt;
    }

    /// <summary>What the payload is, or empty.</summary>
    public string ContentType { get; }

    /// <summary>did:x509 of the signer.</summary>
    public string Issuer { get; }

    /// <summary>What of the issuer's it is, or empty.</summary>
    public string Feed { get; }

    /// <summary>Its security version as the header says it; null: it does not.</summary>
    public string? Svn { get; }

    /// <summary>What is stated.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>SHA-256 of the message with nothing outside the signature: what receipts are about.</summary>
    public ReadOnlyMemory<byte> BareDigest { get; }

    /// <summary>Receipts of transparency services that came with it. They are <b>not</b> verified.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Receipts { get; }

    /// <summary>The time at which the certificates were found valid: of the time stamp, or the verifier's.</summary>
    public DateTimeOffset JudgedAt { get; }

    /// <summary>Verifies a statement.</summary>
    /// <param name="message">Untrusted.</param>
    /// <param name="time">At which the certificates must be valid where no time stamp says when it was signed.</param>
    /// <param name="invalid">The code to fail with.</param>
    /// <param name="what">For messages, with its article.</param>
    /// <exception cref="OrchestratorException"><paramref name="invalid"/>, or <see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static VerifiedStatement Verify(ReadOnlyMemory<byte> message, DateTimeOffset time, ErrorCode invalid, string what)
    {
        try
        {
            SignedStatement statement = SignedStatement.Parse(message);
            DateTimeOffset judgedAt = statement.TimeStamp is { } stamp
                ? X509.TimeStamp.Verify(stamp, statement.Signature)?.Time ?? throw new StatementException("its time stamp is malformed or for something else")
                : time;
            ImmutableArray<SignedCertificate> chain = [.. statement.Header.Certificates.Select(SignedCertificate.Parse)];
            RequireChain(chain, judgedAt);
            Require(statement.IsSignedBy(chain[0]), $"it is not signed by {chain[0].CommonName}");
            Require(DidX509.TryParse(statement.Header.Issuer)?.Resolves(chain) == true, $"its chain is not that of {statement.Header.Issuer}");
            return new VerifiedStatement(statement, judgedAt);
        }
        catch (StatementException e)
        {
            throw new OrchestratorException(invalid, $"{what} does not hold: {e.Message}.", inner: e);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or CryptographicException or ArgumentException or OverflowException)
        {
            throw new OrchestratorException(invalid, $"{what} cannot be read: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    // Publishers sign with certificates of one year; a time stamp says that this one was valid then.
    private static void RequireChain(ImmutableArray<SignedCertificate> chain, DateTimeOffset time)
    {
        Require(chain.Length > 1, "it has no chain");
        for (int i = 0; i < chain.Length; i++)
        {
            Require(chain[i].IsIssuedBy(chain[Math.Min(i + 1, chain.Length - 1)]), $"the certificate of {chain[i].CommonName} is not issued by the next one");
            Require(chain[i].IsValidAt(time), $"the certificate of {chain[i].CommonName} is not valid at {time:u}");
        }
    }

    private static void Require(bool holds, string finding)
    {
        if (!holds)
        {
            throw new StatementException(finding);
        }
    }

    private sealed class StatementException(string message) : Exception(message);
}
