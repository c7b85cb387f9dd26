using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts;

/// <summary>
/// What approvals and key packages share: COSE_Sign1 by a party whose key the manifest says, and whose name stands in
/// the key id and again in the payload.
/// </summary>
internal sealed class SignedByParty
{
    private readonly string _party;
    private readonly VerifiedPayload _payload;
    private readonly ErrorCode _invalid;

    private SignedByParty(ReadOnlyMemory<byte> message, string party, VerifiedPayload payload, ErrorCode invalid)
    {
        Message = message;
        _party = party;
        _payload = payload;
        _invalid = invalid;
    }

    /// <summary>The signed message.</summary>
    public ReadOnlyMemory<byte> Message { get; }

    /// <summary>Verifies the signature; the payload is not looked at yet.</summary>
    public static SignedByParty Verify(ReadOnlyMemory<byte> bytes, Manifest manifest, string contentType, int maxBytes, ErrorCode invalid) =>
        Verify(bytes, name => manifest.FindParty(name)?.SigningKey, contentType, maxBytes, invalid);

    /// <summary>The same where not only parties sign.</summary>
    public static SignedByParty Verify(ReadOnlyMemory<byte> bytes, Func<string, VerificationKey?> keyOf, string contentType, int maxBytes, ErrorCode invalid)
    {
        if (bytes.Length > maxBytes)
        {
            throw new OrchestratorException(invalid, $"The message has {bytes.Length} bytes; at most {maxBytes} are allowed.");
        }

        CoseSign1 signed = Parse(bytes, invalid);
        string name = Encoding.UTF8.GetString(signed.Header.KeyId.Span);
        if (!PartyName.IsValid(name))
        {
            throw new OrchestratorException(invalid, "The signer's name is not one.");
        }

        VerificationKey key = keyOf(name)
            ?? throw new OrchestratorException(ContractErrors.ApprovalStranger, $"The signer {name} is not a party of the manifest.");
        return signed.TryVerify(key, contentType, out VerifiedPayload? payload)
            ? new SignedByParty(bytes, name, payload, invalid)
            : throw new OrchestratorException(invalid, $"The signature is not by the key of {name} in the manifest.");
    }

    /// <summary>Zeroes the payload.</summary>
    public void Erase() => _payload.Erase();

    /// <summary>Reads the payload, a map of the given type that names the signer. Its byte strings are of use only while <paramref name="read"/> runs.</summary>
    public T Read<T>(string type, string what, Func<CborMapReader, string, T> read)
    {
        CborValue? payload = null;
        try
        {
            payload = CborValue.Decode(_payload.Bytes);
            return payload.As(what).ReadMap(map =>
            {
                map.ExpectType(type);
                CborField party = map.Required("party");
                return party.AsPartyName() == _party ? read(map, _party) : throw party.OutOfRange($"is not the signer, {_party}");
            });
        }
        catch (OrchestratorException e) when (e.Code.Id.StartsWith("cbor-", StringComparison.Ordinal))
        {
            throw new OrchestratorException(_invalid, e.Message, inner: e);
        }
        finally
        {
            payload?.Erase();
        }
    }

    private static CoseSign1 Parse(ReadOnlyMemory<byte> message, ErrorCode invalid)
    {
        try
        {
            return CoseSign1.Parse(message);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(invalid, e.Message, inner: e);
        }
    }
}
