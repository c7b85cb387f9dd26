using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>What a key agreement yields. It is not a key: a key is derived from it.</summary>
public sealed class SharedSecret : IDisposable
{
    private readonly SecureMemoryHandle _secret;
    private bool _exported;

    internal SharedSecret(SecureMemoryHandle secret, in SharedSecretCreationParameters creationParameters)
    {
        _secret = secret;
        ExportPolicy = creationParameters.ExportPolicy;
    }

    /// <summary>Whether the secret can be exported.</summary>
    public KeyExportPolicies ExportPolicy { get; }

    /// <summary>The size of the secret, in bytes.</summary>
    public int Size => _secret.Length;

    internal SecureMemoryHandle.Lease Borrow() => _secret.Borrow();

    /// <summary>Encodes the secret, if the policy allows it.</summary>
    /// <exception cref="InvalidOperationException">The policy does not allow it.</exception>
    /// <exception cref="ObjectDisposedException">The secret has been erased.</exception>
    public byte[] Export(SharedSecretBlobFormat format)
    {
        if (format != SharedSecretBlobFormat.RawSharedSecret)
        {
            throw KeyBlob.NotSupported(nameof(format));
        }

        using SecureMemoryHandle.Lease secret = _secret.Borrow();
        KeyBlob.RequireExport(ExportPolicy, _exported);
        _exported = true;
        return secret.Span.ToArray();
    }

    /// <summary>Erases the secret.</summary>
    public void Dispose() => _secret.Dispose();

    /// <summary>The name of the type, and nothing of the secret.</summary>
    public override string? ToString() => typeof(SharedSecret).ToString();
}
