using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host.Identity;

/// <summary>A name and its public keys, bound at this host for good.</summary>
internal sealed record RegisteredParty(string Name, VerificationKey SigningKey, HpkePublicKey SealingKey);

/// <summary>Who is registered at this host, and the three ways to prove it: registration, login, token.</summary>
internal sealed class PartyDirectory(HostDatabase database, AuditLog audit, HostCertificate certificate, Challenges challenges, Tokens tokens)
{
    private const int MaximumParties = 100_000;

    /// <summary>Binds a name to keys. Repeating it with the same keys changes nothing.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.PartyInvalid"/>, <see cref="HostErrors.PartyProofInvalid"/>,
    /// <see cref="HostErrors.PartyNameTaken"/> or <see cref="HostErrors.PartyLimit"/>.</exception>
    public void Register(string name, ReadOnlyMemory<byte> signingKey, ReadOnlyMemory<byte> sealingKey, ReadOnlyMemory<byte> proof)
    {
        if (!PartyName.IsValid(name)
            || !VerificationKey.TryImport(signingKey.Span, out VerificationKey? verificationKey)
            || !HpkePublicKey.TryImport(sealingKey.Span, out HpkePublicKey? publicKey))
        {
            throw new OrchestratorException(HostErrors.PartyInvalid, "The name or a key of the registration is not well formed.");
        }

        if (!verificationKey.Verify(PartyProofs.Registration(certificate.Fingerprint, name, signingKey.Span, sealingKey.Span), proof.Span))
        {
            throw new OrchestratorException(HostErrors.PartyProofInvalid, $"The registration of {name} is not signed by its key for this host.");
        }

        database.Write(connection => Add(connection, new RegisteredParty(name, verificationKey, publicKey)));
    }

    /// <exception cref="OrchestratorException"><see cref="HostErrors.PartyNotFound"/>.</exception>
    public RegisteredParty Find(string name) =>
        database.Read(connection => Find(connection, name)) ?? throw new OrchestratorException(HostErrors.PartyNotFound, "No party of this name is registered.");

    /// <summary>Turns a signed challenge into a token.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.LoginFailed"/>, whatever is wrong.</exception>
    public (string Token, DateTimeOffset Expires) Login(string name, ReadOnlyMemory<byte> challenge, ReadOnlyMemory<byte> signature)
    {
        RegisteredParty? party = database.Read(connection => Find(connection, name));
        bool proved = party is not null
            && party.SigningKey.Verify(PartyProofs.Login(certificate.Fingerprint, name, challenge.Span), signature.Span)
            && challenges.TryRedeem(name, challenge.Span);
        return proved ? tokens.Issue(name) : throw new OrchestratorException(HostErrors.LoginFailed, "The login was not accepted.");
    }

    private static RegisteredParty? Find(SqliteConnection connection, string name) => connection.Query(
        "SELECT signing_key, sealing_key FROM parties WHERE name = $name",
        row => new RegisteredParty(name, VerificationKey.Import(row.Bytes(0)), HpkePublicKey.Import(row.Bytes(1))),
        ("$name", name)).FirstOrDefault();

    private void Add(SqliteConnection connection, RegisteredParty party)
    {
        if (Find(connection, party.Name) is { } known)
        {
            if (known != party)
            {
                throw new OrchestratorException(HostErrors.PartyNameTaken, $"The name {party.Name} is registered with other keys.");
            }

            return;
        }

        if (connection.Scalar("SELECT COUNT(*) FROM parties") >= MaximumParties)
        {
            throw new OrchestratorException(HostErrors.PartyLimit, $"{MaximumParties} parties are registered.");
        }

        connection.Execute(
            "INSERT INTO parties(name, signing_key, sealing_key) VALUES ($name, $signing, $sealing)",
            ("$name", party.Name),
            ("$signing", party.SigningKey.ToArray()),
            ("$sealing", party.SealingKey.ToArray()));
        audit.Append(connection, new AuditEvent(EventKinds.PartyRegistered) { Party = party.Name, Text = $"Signing key {party.SigningKey}." });
    }
}
