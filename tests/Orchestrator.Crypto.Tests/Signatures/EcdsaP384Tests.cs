using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using Orchestrator.Tests;

namespace Orchestrator.Crypto.Tests.Signatures;

/// <summary>ECDSA over P-384 with SHA-384 in the form that COSE has it: r and s of 48 bytes each.</summary>
public class EcdsaP384Tests
{
    private const int ScalarSize = 48;

    [Fact]
    public void VerifyData_Wycheproof_GivesItsVerdicts()
    {
        using var vectors = Wycheproof.Open("ecdsa_secp384r1_sha384_test.json");
        vectors.Check((group, test) =>
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(group.Hex("publicKeyDer"), out _);
            bool verified = TryConvert(test.Hex("sig"), out byte[]? signature)
                && key.VerifyData(test.Hex("msg"), signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            return verified == (test.Result() == "valid");
        });
    }

    /// <summary>The vectors are in DER; what strict DER does not hold, or 48 bytes cannot, has no other form to verify.</summary>
    private static bool TryConvert(byte[] der, [NotNullWhen(true)] out byte[]? signature)
    {
        signature = null;
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            AsnReader sequence = reader.ReadSequence();
            byte[] r = ToBytes(sequence.ReadInteger());
            byte[] s = ToBytes(sequence.ReadInteger());
            sequence.ThrowIfNotEmpty();
            reader.ThrowIfNotEmpty();
            signature = [.. r, .. s];
            return true;
        }
        catch (Exception e) when (e is AsnContentException or OverflowException)
        {
            return false;
        }
    }

    private static byte[] ToBytes(BigInteger value)
    {
        if (value.Sign < 0 || value.GetByteCount(isUnsigned: true) > ScalarSize)
        {
            throw new OverflowException();
        }

        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[ScalarSize - bytes.Length], .. bytes];
    }
}
