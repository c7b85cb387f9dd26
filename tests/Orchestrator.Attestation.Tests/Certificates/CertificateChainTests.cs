using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Tests.Support;

namespace Orchestrator.Attestation.Tests.Certificates;

public sealed class CertificateChainTests
{
    private static readonly string[] Places = ["root", "DCK", "DeviceID", "alias"];
    private static readonly string[] Presented = ["DCK", "DeviceID", "alias"];

    public static TheoryData<string> AllPlaces => [.. Places];

    public static TheoryData<string> PresentedPlaces => [.. Presented];

    [Fact]
    public void Verify_ChainOfProfile_NamesItsKeysAndFirmware()
    {
        var vendor = new TestVendor(securityVersion: 7);
        CertificateChain chain = vendor.VerifyChain();
        Assert.Equal(Measurement.Of(vendor.DeviceId.ExportSubjectPublicKeyInfo()), chain.DeviceId.PublicKey.Id);
        Assert.Equal([TestVendor.Firmware.Ccu], chain.DeviceId.Tcb!.Fwids);
        Assert.Equal([TestVendor.Firmware.Icu, TestVendor.Firmware.Tiles], chain.Alias.Tcb!.Fwids);
        Assert.Equal(7, chain.Alias.Tcb.SecurityVersion);
        Assert.True(chain.Simulated);
    }

    [Fact]
    public void Verify_VendorWithoutMark_IsNotSimulated() => Assert.False(new TestVendor(simulated: false).VerifyChain().Simulated);

    [Fact]
    public void Verify_RootOfAnotherVendor_IsUnknown()
    {
        var vendor = new TestVendor();
        ErrorAssert.Throws(AttestationErrors.RootUnknown, () => CertificateChain.Verify(vendor.Presented, new TestVendor().Anchors, TestVendor.Now));
    }

    [Fact]
    public void Verify_NoAnchors_IsUnknown() =>
        ErrorAssert.Throws(AttestationErrors.RootUnknown, () => CertificateChain.Verify(new TestVendor().Presented, TrustAnchors.None, TestVendor.Now));

    [Fact]
    public void Verify_RootOfSameNameAndIdentifier_IsBroken()
    {
        // A forger can copy the root's name and key identifier, but not its signature.
        var genuine = new TestVendor();
        using ECDsa forger = TestVendor.NewKey();
        var forged = new TestVendor(plan => plan.Place == "DCK"
            ? plan.Replacing(AuthorityOf(genuine.RootDer)) with { IssuerKey = forger }
            : plan);
        ErrorAssert.Throws(AttestationErrors.ChainBroken, () => CertificateChain.Verify(forged.Presented, genuine.Anchors, TestVendor.Now));
    }

    [Theory]
    [MemberData(nameof(PresentedPlaces))]
    public void Verify_CertificateOfAnotherDevice_IsBroken(string place)
    {
        var vendor = new TestVendor();
        var other = new TestVendor();
        ReadOnlyMemory<byte>[] presented =
        [
            place == "alias" ? other.AliasDer : vendor.AliasDer,
            place == "DeviceID" ? other.DeviceIdDer : vendor.DeviceIdDer,
            place == "DCK" ? other.DckDer : vendor.DckDer,
        ];
        ErrorAssert.Throws(place == "DCK" ? AttestationErrors.RootUnknown : AttestationErrors.ChainBroken,
            () => CertificateChain.Verify(presented, vendor.Anchors, TestVendor.Now));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void Verify_OtherNumberOfCertificates_IsMalformed(int count)
    {
        var vendor = new TestVendor();
        ReadOnlyMemory<byte>[] presented = [.. vendor.Presented.Append(vendor.RootDer).Take(count)];
        ErrorAssert.Throws(AttestationErrors.EvidenceMalformed, () => CertificateChain.Verify(presented, vendor.Anchors, TestVendor.Now));
    }

    [Theory]
    [MemberData(nameof(AllPlaces))]
    public void Verify_OutsideValidity_IsExpired(string place)
    {
        var expired = new TestVendor(plan => plan.Place == place ? plan with { NotAfter = TestVendor.Now.AddSeconds(-1) } : plan);
        ErrorAssert.Throws(AttestationErrors.CertificateExpired, () => expired.VerifyChain());
        var early = new TestVendor(plan => plan.Place == place ? plan with { NotBefore = TestVendor.Now.AddSeconds(1) } : plan);
        ErrorAssert.Throws(AttestationErrors.CertificateExpired, () => early.VerifyChain());
    }

    [Theory]
    [MemberData(nameof(AllPlaces))]
    public void Verify_AtTheEdgesOfValidity_IsValid(string place)
    {
        new TestVendor(plan => plan.Place == place ? plan with { NotAfter = TestVendor.Now } : plan).VerifyChain();
        new TestVendor(plan => plan.Place == place ? plan with { NotBefore = TestVendor.Now } : plan).VerifyChain();
    }

    public static TheoryData<string, string> Departures
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (string place in Presented)
            {
                foreach (string departure in Alterations.Keys)
                {
                    rows.Add(place, departure);
                }
            }

            return rows;
        }
    }

    private static readonly Dictionary<string, Func<CertificatePlan, CertificatePlan>> Alterations = new()
    {
        ["signed with SHA-256"] = plan => plan with { Hash = HashAlgorithmName.SHA256 },
        ["signed with SHA-512"] = plan => plan with { Hash = HashAlgorithmName.SHA512 },
        ["no basic constraints"] = plan => plan.Without("2.5.29.19"),
        ["basic constraints not critical"] = plan => plan.Replacing(new X509BasicConstraintsExtension(plan.Place != "alias", plan.Place != "alias", PathOf(plan), critical: false)),
        ["the other of authority and leaf"] = plan => plan.Replacing(new X509BasicConstraintsExtension(plan.Place == "alias", plan.Place == "alias", 0, critical: true)),
        ["longer path"] = plan => plan.Replacing(new X509BasicConstraintsExtension(true, true, PathOf(plan) + 1, critical: true)),
        ["no path length"] = plan => plan.Replacing(new X509BasicConstraintsExtension(true, false, 0, critical: true)),
        ["no key usage"] = plan => plan.Without("2.5.29.15"),
        ["key usage not critical"] = plan => plan.Replacing(new X509KeyUsageExtension(plan.Place == "alias" ? X509KeyUsageFlags.DigitalSignature : X509KeyUsageFlags.KeyCertSign, critical: false)),
        ["further key usage"] = plan => plan.Replacing(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true)),
        ["no subject key identifier"] = plan => plan.Without("2.5.29.14"),
        ["no authority key identifier"] = plan => plan.Without("2.5.29.35"),
        ["TCB info where none belongs, or none where it belongs"] = plan => plan.Place == "DCK" ? plan.Replacing(new TcbInfo(1, 0, [], false).ToExtension()) : plan.Without(TcbInfo.Oid),
        ["TCB info of another layer"] = plan => plan.Replacing(new TcbInfo(1, 5, [], false).ToExtension()),
        ["unknown extension"] = plan => plan.Replacing(new X509Extension("1.2.3.4", [5, 0], critical: false)),
        ["unknown critical extension"] = plan => plan.Replacing(new X509Extension("1.2.3.4", [5, 0], critical: true)),
        ["key on P-256"] = plan => plan with { Key = ECDsa.Create(ECCurve.NamedCurves.nistP256) },
        ["key on P-521"] = plan => plan with { Key = ECDsa.Create(ECCurve.NamedCurves.nistP521) },
    };

    [Theory]
    [MemberData(nameof(Departures))]
    public void Verify_DepartureFromProfile_IsInvalid(string place, string departure)
    {
        var vendor = new TestVendor(plan => plan.Place == place ? Alterations[departure](plan) : plan);
        ErrorAssert.Throws(AttestationErrors.CertificateInvalid, () => vendor.VerifyChain());
    }

    [Theory]
    [InlineData("root")]
    [InlineData("DCK")]
    public void Verify_OnlyOneMarkedSimulated_IsInvalid(string place)
    {
        // The root's name is also the DCK's issuer name.
        X500DistinguishedName marked = TestVendor.Name("marked", simulated: true);
        var vendor = new TestVendor(plan => (place, plan.Place) switch
        {
            ("root", "root") => plan with { Subject = marked, Issuer = marked },
            ("root", "DCK") => plan with { Issuer = marked },
            ("DCK", "DCK") => plan with { Subject = marked },
            ("DCK", "DeviceID") => plan with { Issuer = marked },
            _ => plan,
        }, simulated: false);
        ErrorAssert.Throws(AttestationErrors.CertificateInvalid, () => vendor.VerifyChain());
    }

    [Theory]
    [MemberData(nameof(PresentedPlaces))]
    public void Verify_OneBitOfAnyFieldChanged_IsRefused(string place)
    {
        var vendor = new TestVendor();
        int index = place switch { "alias" => 0, "DeviceID" => 1, _ => 2 };
        IReadOnlyList<DerField> fields = DerField.In(vendor.Presented[index]);
        Assert.True(fields.Count > 20, "the table must not run empty");
        foreach (DerField field in fields.Where(field => field.Length > 0))
        {
            byte[] altered = vendor.Presented[index].ToArray();
            altered[field.Offset + field.Length - 1] ^= 1;
            ReadOnlyMemory<byte>[] presented = [.. vendor.Presented];
            presented[index] = altered;
            Exception? refused = Record.Exception(() => CertificateChain.Verify(presented, vendor.Anchors, TestVendor.Now));
            Assert.True(refused is Orchestrator.Errors.OrchestratorException, $"{place}{field.Path} gave {refused?.GetType().Name ?? "a valid chain"}");
        }
    }

    [Theory]
    [MemberData(nameof(PresentedPlaces))]
    public void Verify_TruncatedExtendedOrPem_IsInvalid(string place)
    {
        var vendor = new TestVendor();
        int index = place switch { "alias" => 0, "DeviceID" => 1, _ => 2 };
        byte[] der = vendor.Presented[index].ToArray();
        byte[] pem = System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der));
        foreach (byte[] altered in new[] { der[..^1], [.. der, 0], pem, [], new byte[DeviceCertificate.MaxBytes + 1] })
        {
            ReadOnlyMemory<byte>[] presented = [.. vendor.Presented];
            presented[index] = altered;
            ErrorAssert.Throws(AttestationErrors.CertificateInvalid, () => CertificateChain.Verify(presented, vendor.Anchors, TestVendor.Now));
        }
    }

    private static int PathOf(CertificatePlan plan) => plan.Place == "DCK" ? 1 : 0;

    private static X509AuthorityKeyIdentifierExtension AuthorityOf(byte[] issuer)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(issuer);
        return X509AuthorityKeyIdentifierExtension.CreateFromCertificate(certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false);
    }
}
