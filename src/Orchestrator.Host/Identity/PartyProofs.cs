using System.Text;
using Orchestrator.Crypto;

namespace Orchestrator.Host.Identity;

/// <summary>What a party signs to prove who it is (docs/spec/host-api.md). The host's certificate is in it, so a proof made for one host is worth nothing at another.</summary>
internal static class PartyProofs
{
    /// <summary><c>"orchestrator/register/v1" 00 certificate-digest name 00 signing-key sealing-key</c>.</summary>
    public static byte[] Registration(Digest certificate, string name, ReadOnlySpan<byte> signingKey, ReadOnlySpan<byte> sealingKey) =>
        [.. "orchestrator/register/v1"u8, 0, .. certificate.ToArray(), .. Encoding.UTF8.GetBytes(name), 0, .. signingKey, .. sealingKey];

    /// <summary><c>"orchestrator/login/v1" 00 certificate-digest name 00 challenge</c>.</summary>
    public static byte[] Login(Digest certificate, string name, ReadOnlySpan<byte> challenge) =>
        [.. "orchestrator/login/v1"u8, 0, .. certificate.ToArray(), .. Encoding.UTF8.GetBytes(name), 0, .. challenge];
}
