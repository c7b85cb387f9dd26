using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Guest.Serving;

/// <summary>The group's own keys: made when it starts, gone with it, never anywhere else.</summary>
internal sealed class GroupKeys : IDisposable
{
    /// <summary>Signs what the group says.</summary>
    public PartySigningKey Signing { get; } = PartySigningKey.Generate();

    /// <summary>Opens what is sealed to the group.</summary>
    public HpkePrivateKey Session { get; } = HpkePrivateKey.Generate();

    /// <inheritdoc/>
    public void Dispose()
    {
        Signing.Dispose();
        Session.Dispose();
    }
}
