using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.X509;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Fragments;

/// <summary>
/// A fragment of a policy that its issuer signed (docs/spec/fragment.md). Only <see cref="Verify"/> makes one. Whether a policy lets it in is for
/// the engine to decide.
/// </summary>
public sealed class VerifiedFragment
{
    /// <summary>What a fragment's statement is of, where it is written here; any <c>application/…+rego</c> is read.</summary>
    public const string ContentType = "application/cose-x509+rego";

    /// <summary>The longest message, in bytes.</summary>
    public const int MaxBytes = VerifiedStatement.MaxBytes;

    private const string ContentTypeStart = "application/";
    private const string ContentTypeEnd = "+rego";

    private VerifiedFragment(VerifiedStatement statement, FragmentModule module)
    {
        Issuer = statement.Issuer;
        Feed = statement.Feed;
        Module = module;
        Receipts = [.. statement.Receipts.Select(LedgerReceipt.TryParse).OfType<LedgerReceipt>()];
        StatementDigest = statement.BareDigest;
        Digest = Convert.ToHexStringLower(SHA256.HashData(statement.Payload.Span));
    }

    /// <summary>did:x509 of its signer.</summary>
    public string Issuer { get; }

    /// <summary>Its name.</summary>
    public string Feed { get; }

    /// <summary>What it says.</summary>
    public FragmentModule Module { get; }

    /// <summary>SHA-256 of its text, in lower-case hexadecimal.</summary>
    public string Digest { get; }

    /// <summary>Receipts of transparency services that came with it. They are <b>not</b> verified: whose keys count is for a policy to say.</summary>
    public ImmutableArray<LedgerReceipt> Receipts { get; }

    /// <summary>SHA-256 of what receipts of it are about.</summary>
    public ReadOnlyMemory<byte> StatementDigest { get; }

    /// <summary>Verifies a fragment and reads its text.</summary>
    /// <param name="message">COSE_Sign1, untrusted.</param>
    /// <param name="time">At which the signer's certificates must be valid where no time stamp says when it was signed.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="FragmentErrors"/> or, for its text, of <see cref="PolicyErrors"/>.</exception>
    public static VerifiedFragment Verify(ReadOnlyMemory<byte> message, DateTimeOffset time) =>
        Verify(VerifiedStatement.Verify(message, time, FragmentErrors.Invalid, "The fragment"));

    /// <summary>Reads the fragment that a statement makes.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="FragmentErrors"/> or, for its text, of <see cref="PolicyErrors"/>.</exception>
    public static VerifiedFragment Verify(VerifiedStatement statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        if (!statement.ContentType.StartsWith(ContentTypeStart, StringComparison.Ordinal) || !statement.ContentType.EndsWith(ContentTypeEnd, StringComparison.Ordinal))
        {
            throw new OrchestratorException(FragmentErrors.Invalid, $"The statement is of the type \"{statement.ContentType}\", not {ContentTypeStart}…{ContentTypeEnd}.");
        }

        if (statement.Feed.Length == 0)
        {
            throw new OrchestratorException(FragmentErrors.Invalid, "The fragment does not say its feed.");
        }

        var module = FragmentModule.Parse(statement.Payload.Span);
        return statement.Svn is null || SecurityVersion.TryParse(statement.Svn) == module.Svn
            ? new VerifiedFragment(statement, module)
            : throw new OrchestratorException(FragmentErrors.Invalid, $"The fragment's header says svn {statement.Svn}, its text {module.Svn}.");
    }
}
