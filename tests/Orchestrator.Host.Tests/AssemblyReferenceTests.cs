using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Orchestrator.Host.Tests;

/// <summary>The host cannot decrypt, by construction: its assembly names no type that could.</summary>
public class AssemblyReferenceTests
{
    /// <summary>Everything of the cryptography that the host may touch: public keys, digests, layouts, public records, errors, files.</summary>
    private static readonly HashSet<string> s_allowed =
    [
        "Orchestrator.Crypto.Digest",
        "Orchestrator.Crypto.Cbor.CborArray",
        "Orchestrator.Crypto.Cbor.CborField",
        "Orchestrator.Crypto.Cbor.CborLimits",
        "Orchestrator.Crypto.Cbor.CborMap",
        "Orchestrator.Crypto.Cbor.CborMapReader",
        "Orchestrator.Crypto.Cbor.CborText",
        "Orchestrator.Crypto.Cbor.CborValue",
        "Orchestrator.Crypto.HybridEncryption.HpkePublicKey",
        "Orchestrator.Crypto.IO.AtomicFile",
        "Orchestrator.Crypto.IO.StorageErrors",
        "Orchestrator.Crypto.Signatures.VerificationKey",
        "Orchestrator.Crypto.Streams.StreamDigester",
        "Orchestrator.Crypto.Streams.StreamLayout",
        "Orchestrator.Crypto.Streams.StreamPrologue",
        "Orchestrator.Crypto.Streams.StreamSummary",
        "Orchestrator.Errors.ErrorClass",
        "Orchestrator.Errors.ErrorCode",
        "Orchestrator.Errors.OrchestratorException",
        "Orchestrator.Contracts.RpcClientErrors",
        "Orchestrator.Contracts.RpcErrors",
        "Orchestrator.Contracts.RpcServerErrors",
        "Orchestrator.Contracts.Approvals.Approval",
        "Orchestrator.Contracts.Approvals.VerifiedApproval",
        "Orchestrator.Contracts.Approvals.VerifiedWithdrawal",
        "Orchestrator.Contracts.Approvals.Withdrawal",
        "Orchestrator.Contracts.ContractErrors",
        "Orchestrator.Contracts.Manifests.Manifest",
        "Orchestrator.Contracts.Manifests.ManifestContent",
        "Orchestrator.Contracts.Manifests.ManifestOutput",
        "Orchestrator.Contracts.Manifests.ManifestParty",
        "Orchestrator.Contracts.Manifests.ManifestStream",
        "Orchestrator.Contracts.Manifests.PartyName",
        "Orchestrator.Contracts.Manifests.WithdrawalRule",
        "Orchestrator.Contracts.Stages.ManifestStage",
        "Orchestrator.Contracts.Stages.StageInput",
        "Orchestrator.Contracts.Stages.StageOutput",
        "Orchestrator.Contracts.Transfers.FrameFill",
        "Orchestrator.Contracts.Transfers.FrameFiller",
        "System.Security.Cryptography.CryptographicOperations",
        "System.Security.Cryptography.ECCurve",
        "System.Security.Cryptography.ECDsa",
        "System.Security.Cryptography.HashAlgorithmName",
        "System.Security.Cryptography.HMACSHA256",
        "System.Security.Cryptography.RandomNumberGenerator",
        "System.Security.Cryptography.AsymmetricAlgorithm",
        "System.Security.Cryptography.X509Certificates.CertificateRequest",
        "System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder",
        "System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension",
        "System.Security.Cryptography.X509Certificates.X509Certificate",
        "System.Security.Cryptography.X509Certificates.X509Certificate2",
        "System.Security.Cryptography.X509Certificates.X509Extension",
        "System.Security.Cryptography.X509Certificates.X509KeyUsageExtension",
        "System.Security.Cryptography.X509Certificates.X509KeyUsageFlags",
    ];

    private static readonly string[] s_watchedNamespaces = ["Orchestrator.", "System.Security.Cryptography", "NSec.", "TorchSharp"];

    [Fact]
    public void HostAssembly_OfAllCryptography_NamesOnlyWhatCannotDecrypt()
    {
        MetadataReader metadata = Read();
        string[] named = [.. metadata.TypeReferences
            .Select(handle => metadata.GetTypeReference(handle))
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .Where(name => s_watchedNamespaces.Any(watched => name.StartsWith(watched, StringComparison.Ordinal)))
            .Where(name => !name.StartsWith("Orchestrator.Contracts.Protocol.", StringComparison.Ordinal))
            .Distinct()
            .Order(StringComparer.Ordinal)];

        Assert.Empty(named.Except(s_allowed));
        Assert.Contains("Orchestrator.Crypto.Streams.StreamDigester", named);
    }

    [Fact]
    public void HostAssembly_References_NeitherTrainingNorKeys()
    {
        MetadataReader metadata = Read();
        string[] referenced = [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];

        Assert.Equal(
            ["Orchestrator.Contracts", "Orchestrator.Crypto"],
            referenced.Where(name => name.StartsWith("Orchestrator", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(referenced, name => name.StartsWith("NSec", StringComparison.Ordinal) || name.StartsWith("TorchSharp", StringComparison.Ordinal));
    }

    [Fact]
    public void HostAssembly_CallsNoNativeCode()
    {
        MetadataReader metadata = Read();

        Assert.DoesNotContain(metadata.MethodDefinitions, handle => !metadata.GetMethodDefinition(handle).GetImport().Module.IsNil);
    }

    private static MetadataReader Read() => new PEReader(File.OpenRead(typeof(HostServer).Assembly.Location)).GetMetadataReader();
}
