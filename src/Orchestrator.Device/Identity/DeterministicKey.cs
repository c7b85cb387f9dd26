using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Device.Identity;

/// <summary>
/// A P-384 key pair from a secret, by testing candidates (FIPS 186-5, appendix A.2.2): candidate i is
/// HKDF-Expand(SHA-384, secret, label || i), taken as a big-endian number c; the first with c at most n - 2 gives d = c + 1.
/// </summary>
public static class DeterministicKey
{
    private const int ScalarSize = 48;

    // n - 2, where n is the order of P-384's base point (SP 800-186, 3.2.1.4).
    private static readonly byte[] Largest = Convert.FromHexString(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52971");

    private static readonly byte[] Label = Encoding.ASCII.GetBytes("orchestrator/dice/p384/v1");

    /// <summary>The key pair.</summary>
    /// <param name="secret">Pseudorandom, at least 48 bytes.</param>
    public static ECDsa Derive(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, ScalarSize);
        byte[] scalar = new byte[ScalarSize];
        try
        {
            byte candidate = 0;
            do
            {
                HKDF.Expand(HashAlgorithmName.SHA384, secret, scalar, [.. Label, candidate]);
                candidate++;
            }
            while (scalar.AsSpan().SequenceCompareTo(Largest) > 0);

            AddOne(scalar);
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP384, D = scalar });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    private static void AddOne(Span<byte> number)
    {
        int carry = 1;
        for (int i = number.Length - 1; i >= 0; i--)
        {
            int sum = number[i] + carry;
            number[i] = unchecked((byte)sum);
            carry = sum >> 8;
        }
    }
}
