using System.Security.Cryptography;
using Orchestrator.Crypto;

namespace Orchestrator.Host.Identity;

/// <summary>Bearer tokens, in memory only: a restart of the host ends every login. The host keeps their digests, not the tokens.</summary>
internal sealed class Tokens(TimeProvider time)
{
    private const int TokenSize = 32;
    private const int MaximumPerParty = 64;

    /// <summary>How long a token is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, Login> _logins = [];

    private sealed record Login(string Party, DateTimeOffset Expires);

    /// <summary>Makes a token for a party that has proved who it is. A party's oldest token gives way when it has too many.</summary>
    public (string Token, DateTimeOffset Expires) Issue(string party)
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSize));
        DateTimeOffset expires = time.GetUtcNow() + Lifetime;
        lock (_gate)
        {
            RemoveExpired();
            var own = _logins.Where(login => login.Value.Party == party).OrderBy(login => login.Value.Expires).ToList();
            if (own.Count >= MaximumPerParty)
            {
                _logins.Remove(own[0].Key);
            }

            _logins.Add(Name(token), new Login(party, expires));
        }

        return (token, expires);
    }

    /// <summary>The party that <paramref name="token"/> was issued to, or <see langword="null"/> if it is unknown or has expired.</summary>
    public string? PartyOf(string token)
    {
        lock (_gate)
        {
            return _logins.TryGetValue(Name(token), out Login? login) && time.GetUtcNow() < login.Expires ? login.Party : null;
        }
    }

    private static Digest Name(string token) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(token));

    private void RemoveExpired()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (Digest name in _logins.Where(login => login.Value.Expires <= now).Select(login => login.Key).ToList())
        {
            _logins.Remove(name);
        }
    }
}
