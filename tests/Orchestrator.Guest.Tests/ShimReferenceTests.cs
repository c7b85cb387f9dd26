using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Guest.Tests;

/// <summary>The shim cannot decrypt, by construction: its assembly names no type that could.</summary>
public sealed class ShimReferenceTests
{
    private static readonly string[] s_forbidden =
    [
        "Orchestrator.Crypto.Streams", "Orchestrator.Stages", "Orchestrator.Contracts.Secrets", "NSec", "System.Security.Cryptography.Aes", "System.Security.Cryptography.RSA", "System.Security.Cryptography.ECDiffieHellman",
    ];

    [Fact]
    public void Shim_NamesNothingThatOpensWhatIsSealed()
    {
        using var image = new PEReader(File.OpenRead(typeof(SandboxBackEnd).Assembly.Location));
        MetadataReader metadata = image.GetMetadataReader();
        string[] named = [.. metadata.TypeReferences
            .Select(handle => metadata.GetTypeReference(handle))
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")];

        Assert.Contains("Orchestrator.Channel.GuestChannel", named);
        Assert.DoesNotContain(named, name => s_forbidden.Any(forbidden => name.StartsWith(forbidden, StringComparison.Ordinal)));
        Assert.DoesNotContain("Orchestrator.Crypto.HybridEncryption.HpkePrivateKey", named);
        Assert.DoesNotContain("Orchestrator.Crypto.Signatures.PartySigningKey", named);
    }
}
