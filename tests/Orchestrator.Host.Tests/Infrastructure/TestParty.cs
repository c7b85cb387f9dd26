using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A name and its keys.</summary>
internal sealed class TestParty(string name)
{
    public string Name => name;

    public PartySigningKey SigningKey { get; init; } = PartySigningKey.Generate();

    public HpkePrivateKey SealingKey { get; } = HpkePrivateKey.Generate();
}
