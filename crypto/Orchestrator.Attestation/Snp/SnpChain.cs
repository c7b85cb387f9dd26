using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>A chip's certificates, verified up to the root of its product line; only <see cref="Verify"/> makes one.</summary>
public sealed class SnpChain
{
    private SnpChain(SnpProduct product, SignedCertificate intermediate, SnpChipCertificate chip, bool revocationChecked)
    {
        Product = product;
        Intermediate = intermediate;
        Chip = chip;
        RevocationChecked = revocationChecked;
    }

    /// <summary>The product line whose root it leads to.</summary>
    public SnpProduct Product { get; }

    /// <summary>The issuer of the signing key's certificate (ASK or ASVK).</summary>
    public SignedCertificate Intermediate { get; }

    /// <summary>The signing key's certificate.</summary>
    public SnpChipCertificate Chip { get; }

    /// <summary>Whether a current list of the root's was consulted.</summary>
    public bool RevocationChecked { get; }

    /// <summary>Verifies certificates in any order: the signing key's (VCEK or VLEK), its issuer's (ASK or ASVK); a root among them is passed over.</summary>
    /// <param name="presented">Untrusted.</param>
    /// <param name="products">The trusted product lines.</param>
    /// <param name="time">At which all certificates must be valid.</param>
    /// <param name="revocations">The root's list in DER, or null.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="SnpErrors"/>, or <see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static SnpChain Verify(IReadOnlyList<SignedCertificate> presented, IEnumerable<SnpProduct> products, DateTimeOffset time, ReadOnlyMemory<byte>? revocations = null)
    {
        ArgumentNullException.ThrowIfNull(presented);
        ArgumentNullException.ThrowIfNull(products);
        SignedCertificate chip = presented.Where(certificate => !certificate.IsAuthority).ToList() is [{ } only]
            ? only
            : throw Broken("There is not exactly one certificate of a signing key");
        SignedCertificate intermediate = presented.FirstOrDefault(certificate => certificate.IsAuthority && chip.IsIssuedBy(certificate))
            ?? throw Broken($"No certificate presented has issued that of {chip.CommonName}");
        SnpProduct product = products.FirstOrDefault(line => intermediate.IsIssuedBy(line.Root) && line.Root.IsIssuedBy(line.Root))
            ?? throw Broken($"No trusted root has issued the certificate of {intermediate.CommonName}");
        foreach (SignedCertificate certificate in new[] { chip, intermediate, product.Root })
        {
            if (!certificate.IsValidAt(time))
            {
                throw new OrchestratorException(SnpErrors.Expired, $"The certificate of {certificate.CommonName} is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, not at {time:u}.");
            }
        }

        if (revocations is { } list && CertificateRevocations.Verify(list, product.Root, time, SnpErrors.RevocationListInvalid).Contains(intermediate))
        {
            throw new OrchestratorException(SnpErrors.Revoked, $"{product.Root.CommonName} has revoked the certificate of {intermediate.CommonName}.");
        }

        return new SnpChain(product, intermediate, SnpChipCertificate.Read(chip, product), revocations is not null);
    }

    private static OrchestratorException Broken(string finding) => new(SnpErrors.ChainInvalid, $"{finding}.");
}
