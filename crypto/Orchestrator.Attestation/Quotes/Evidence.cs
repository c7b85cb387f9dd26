using System.Collections.Immutable;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Quotes;

/// <summary>A device's quote with its signature and certificates, taken apart but not verified: COSE_Sign1, see <c>docs/spec/quote.md</c>.</summary>
public sealed class Evidence
{
    /// <summary>What the signed payload is: an EAT claims set in CBOR (RFC 9782).</summary>
    public const string ContentType = "application/eat-ucs+cbor";

    /// <summary>The longest evidence, in bytes: room for the nonces of <see cref="Quote.MaxParties"/> parties.</summary>
    public const int MaxBytes = 1 << 20;

    private Evidence(ReadOnlyMemory<byte> bytes, CoseSign1 message)
    {
        Bytes = bytes;
        Message = message;
        Digest = Digest.Of(bytes.Span);
    }

    /// <summary>The evidence as received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 of <see cref="Bytes"/>.</summary>
    public Digest Digest { get; }

    /// <summary>The certificates that the device presents: alias, DeviceID, DCK.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Certificates => Message.Header.Certificates;

    internal CoseSign1 Message { get; }

    /// <summary>Takes evidence apart. Nothing of it is verified.</summary>
    /// <param name="bytes">Untrusted bytes.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.EvidenceMalformed"/>.</exception>
    public static Evidence Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new OrchestratorException(AttestationErrors.EvidenceMalformed, $"The evidence is longer than {MaxBytes} bytes.");
        }

        try
        {
            bytes = bytes.ToArray();
            return new Evidence(bytes, CoseSign1.Parse(bytes));
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(AttestationErrors.EvidenceMalformed, $"The evidence cannot be understood: {e.Message}", inner: e);
        }
    }
}
