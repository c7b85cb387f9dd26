using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Host.Identity;

/// <summary>
/// Login challenges. A challenge is its own record, <c>expiry (8) || random (8) || HMAC (16)</c>, so that strangers who
/// ask for many fill no memory; only challenges that were redeemed are remembered, until they expire.
/// </summary>
internal sealed class Challenges(TimeProvider time)
{
    public const int Size = 32;

    private const int NonceSize = 8;
    private const int SignedSize = 16;

    /// <summary>How long a challenge can be redeemed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<UInt128, long> _redeemed = new();

    public byte[] Issue(string party)
    {
        byte[] challenge = new byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(challenge, time.GetUtcNow().Add(Lifetime).ToUnixTimeMilliseconds());
        RandomNumberGenerator.Fill(challenge.AsSpan(sizeof(long), NonceSize));
        Authenticate(party, challenge).CopyTo(challenge.AsSpan(SignedSize));
        return challenge;
    }

    /// <summary>True once for a challenge that was issued to <paramref name="party"/> within the last minute. Call it when the signature has been verified.</summary>
    public bool TryRedeem(string party, ReadOnlySpan<byte> challenge)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Forget(now);
        if (challenge.Length != Size || !CryptographicOperations.FixedTimeEquals(Authenticate(party, challenge), challenge[SignedSize..]))
        {
            return false;
        }

        long expiry = BinaryPrimitives.ReadInt64BigEndian(challenge);
        return now < expiry && _redeemed.TryAdd(BinaryPrimitives.ReadUInt128BigEndian(challenge), expiry);
    }

    private byte[] Authenticate(string party, ReadOnlySpan<byte> challenge)
    {
        byte[] signed = [.. challenge[..SignedSize], .. Encoding.UTF8.GetBytes(party)];
        return HMACSHA256.HashData(_key, signed)[..(Size - SignedSize)];
    }

    private void Forget(long now)
    {
        foreach ((UInt128 challenge, long expiry) in _redeemed)
        {
            if (expiry <= now)
            {
                _redeemed.TryRemove(challenge, out _);
            }
        }
    }
}
