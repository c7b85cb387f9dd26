using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Orchestrator.Containers.Fragments.Transparency;

/// <summary>A key with which a transparency service signs: P-256, P-384 or P-521, as a JWK (RFC 7517) with an ID.</summary>
/// <param name="Id">The JWK's <c>kid</c>.</param>
/// <param name="Curve">As the JWK names it, e.g. <c>P-384</c>.</param>
/// <param name="X">Of the public point, big endian.</param>
/// <param name="Y">Of the public point, big endian.</param>
public sealed record LedgerKey(string Id, string Curve, ReadOnlyMemory<byte> X, ReadOnlyMemory<byte> Y)
{
    /// <summary>Reads a JWK.</summary>
    /// <exception cref="FormatException">It is none of these curves, or incomplete.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    public static LedgerKey Read(JsonElement jwk)
    {
        string curve = jwk.GetProperty("crv").GetString() ?? "";
        var key = new LedgerKey(
            jwk.GetProperty("kid").GetString() ?? "",
            curve,
            Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString()),
            Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString()));
        return jwk.GetProperty("kty").GetString() == "EC" && key.Id.Length > 0 && AlgorithmOf(curve) is { } algorithm && key.X.Length == algorithm.Size && key.Y.Length == algorithm.Size
            ? key
            : throw new FormatException($"the key \"{key.Id}\" is not one on P-256, P-384 or P-521");
    }

    /// <summary>Whether the key made the signature; false also where <paramref name="algorithm"/>, its number in the COSE registry, is not the curve's.</summary>
    public bool Verify(long algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (AlgorithmOf(Curve) is not { } own || own.Algorithm != algorithm)
        {
            return false;
        }

        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = own.Curve, Q = new ECPoint { X = X.ToArray(), Y = Y.ToArray() } });
            return key.VerifyData(data, signature, own.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            // The point is not on the curve.
            return false;
        }
    }

    private static (long Algorithm, ECCurve Curve, HashAlgorithmName Hash, int Size)? AlgorithmOf(string curve) => curve switch
    {
        "P-256" => (-7, ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256, 32),
        "P-384" => (-35, ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384, 48),
        "P-521" => (-36, ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512, 66),
        _ => null,
    };
}
