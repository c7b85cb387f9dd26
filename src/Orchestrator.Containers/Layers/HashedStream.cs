using System.Security.Cryptography;
using Orchestrator.Crypto;

namespace Orchestrator.Containers.Layers;

/// <summary>Hashes what is read through it.</summary>
internal sealed class HashedStream(Stream source) : ForwardStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Reads what is left, and gives the digest of all.</summary>
    public Digest Finish()
    {
        byte[] buffer = new byte[1 << 16];
        while (Read(buffer) > 0)
        {
        }

        return new Digest(_hash.GetHashAndReset());
    }

    public override int Read(Span<byte> buffer)
    {
        int read = source.Read(buffer);
        _hash.AppendData(buffer[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
