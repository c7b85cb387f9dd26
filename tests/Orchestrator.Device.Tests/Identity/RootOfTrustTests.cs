using Google.Protobuf;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Storage;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Identity;

public sealed class RootOfTrustTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Boot_Again_KeepsDeviceIdAndCountsUpAndChangesAlias()
    {
        using BootIdentity first = await BootAsync();
        using BootIdentity second = await BootAsync();
        Assert.Equal(first.DeviceId, second.DeviceId);
        Assert.Equal((1L, 2L), (first.BootCounter, second.BootCounter));
        Assert.NotEqual(first.AliasId, second.AliasId);
    }

    [Fact]
    public async Task Boot_WithUpdatedFirmware_IsAnotherDeviceIdUnderTheSameDck()
    {
        using BootIdentity before = await BootAsync();
        using BootIdentity after = await BootAsync(new FirmwareMeter(CopyWithUpdatedFirmware()));
        CertificateChain chain = CertificateChain.Verify(after.Certificates, Anchors, TimeProvider.System.GetUtcNow());
        Assert.NotEqual(before.DeviceId, after.DeviceId);
        Assert.NotEqual(before.Firmware.Ccu, after.Firmware.Ccu);
        Assert.Equal(CertificateChain.Verify(before.Certificates, Anchors, TimeProvider.System.GetUtcNow()).Dck.PublicKey.Id, chain.Dck.PublicKey.Id);
    }

    [Fact]
    public async Task Update_ManifestThatPinsTheOldMeasurement_IsRefusedByDeviceAndParty()
    {
        var job = new TestJob(FirmwareMeter.Installed.Measure());
        using BootIdentity updated = await BootAsync(new FirmwareMeter(CopyWithUpdatedFirmware()));
        ErrorAssert.Throws(DeviceErrors.FirmwareNotAccepted, () => Load(job, updated, acceptsItself: true));

        // Of a device that does not look at itself, the quote gives the update away.
        using var session = Session.Begin(Load(job, updated, acceptsItself: false), begun => new Quoter(confined: true, default, Fault.None).Attest(begun, updated));
        VerifiedQuote quote = new EvidenceVerifier(Anchors, TimeProvider.System, Collateral.None).Verify(Evidence.Parse(session.Evidence));
        ReleaseDecision decision = new ReleasePolicy { Party = "lab", AllowSimulatedDevices = true, AllowUnknownRevocation = true }.Validate(quote, new QuoteExpectations
        {
            Manifest = job.Manifest.Digest,
            Firmware = job.Manifest.Content.Device.Firmware,
            MinimumSecurityVersion = 1,
            Nonce = new byte[Quote.NonceSize],
        });
        Assert.Equal([ReleaseErrors.Firmware.Id], decision.Denials.Select(denial => denial.Code));
    }

    [Fact]
    public async Task Boot_InAnotherFolder_IsAnotherDevice()
    {
        using BootIdentity first = await BootAsync();
        using BootIdentity other = await BootAsync(state: "other");
        Assert.NotEqual(first.DeviceId, other.DeviceId);
    }

    [Fact]
    public async Task Open_DamagedSecretOrCounter_SaysSo()
    {
        using (await BootAsync())
        {
        }

        File.WriteAllBytes(Path.Combine(_folder["state"], "boot-counter"), [1, 2, 3]);
        await ErrorAssert.ThrowsAsync(DeviceErrors.StateDamaged, () => BootAsync());
        File.WriteAllBytes(Path.Combine(_folder["state"], "uds"), new byte[31]);
        await ErrorAssert.ThrowsAsync(DeviceErrors.StateDamaged, () => BootAsync());
    }

    [Theory]
    [InlineData("boot-counter")]
    [InlineData("boot-counter.copy")]
    public async Task Boot_WithACounterFileOfThreeBootsAgo_NoticesTheRollback(string file)
    {
        (await BootAsync()).Dispose();
        byte[] early = File.ReadAllBytes(Path.Combine(_folder["state"], file));
        for (int boot = 0; boot < 3; boot++)
        {
            (await BootAsync()).Dispose();
        }

        File.WriteAllBytes(Path.Combine(_folder["state"], file), early);
        await ErrorAssert.ThrowsAsync(DeviceErrors.CounterRolledBack, () => BootAsync());
    }

    [Fact]
    public async Task Boot_AfterACrashBetweenTheTwoCounterFiles_GoesOn()
    {
        (await BootAsync()).Dispose();
        byte[] copy = File.ReadAllBytes(Path.Combine(_folder["state"], "boot-counter.copy"));
        (await BootAsync()).Dispose();
        File.WriteAllBytes(Path.Combine(_folder["state"], "boot-counter.copy"), copy);
        using BootIdentity boot = await BootAsync();
        Assert.Equal(3, boot.BootCounter);
    }

    [Theory]
    [InlineData("boot-counter")]
    [InlineData("boot-counter.copy")]
    public async Task Boot_WithACounterFileRemovedOrOfAnotherDevice_SaysSo(string file)
    {
        (await BootAsync()).Dispose();
        (await BootAsync(state: "other")).Dispose();
        File.Copy(Path.Combine(_folder["other"], file), Path.Combine(_folder["state"], file), overwrite: true);
        await ErrorAssert.ThrowsAsync(DeviceErrors.StateDamaged, () => BootAsync());
        File.Delete(Path.Combine(_folder["state"], file));
        await ErrorAssert.ThrowsAsync(DeviceErrors.StateDamaged, () => BootAsync());
    }

    [Fact]
    public async Task State_Files_AreTheOwnersAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        using (await BootAsync())
        {
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["state"], "uds")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["vendor"], "root.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder["state"]));
    }

    [Fact]
    public async Task Chain_IsValidToOpenSsl()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed.");
        using BootIdentity boot = await BootAsync();
        string[] files = ["alias", "device", "dck"];
        for (int i = 0; i < files.Length; i++)
        {
            await File.WriteAllTextAsync(_folder[files[i]], new string(System.Security.Cryptography.PemEncoding.Write("CERTIFICATE", boot.Certificates[i].Span)));
        }

        await OpenSslAsync(
            "verify", "-x509_strict", "-CAfile", Path.Combine(_folder["vendor"], SimulatedVendor.RootFile), "-untrusted", _folder["dck"], "-untrusted", _folder["device"], _folder["alias"]);
    }

    [Fact]
    public async Task TcbInfo_AsOpenSslReadsIt_HoldsTheMeasurements()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed.");
        using BootIdentity boot = await BootAsync();
        (int Certificate, int Layer, Attestation.Measurement[] Fwids)[] places =
            [(1, 0, [boot.Firmware.Ccu]), (0, 1, [boot.Firmware.Icu, boot.Firmware.Tiles])];
        foreach ((int certificate, int layer, Attestation.Measurement[] fwids) in places)
        {
            await File.WriteAllBytesAsync(_folder["certificate"], boot.Certificates[certificate].ToArray());
            string[] lines = (await OpenSslAsync("asn1parse", "-inform", "DER", "-in", _folder["certificate"])).Split('\n');
            int oid = Array.FindIndex(lines, line => line.EndsWith("OBJECT            :2.23.133.5.4.1", StringComparison.Ordinal));
            string offset = lines[oid + 1].Split(':')[0].Trim();
            string[] fields = [.. (await OpenSslAsync("asn1parse", "-inform", "DER", "-in", _folder["certificate"], "-strparse", offset)).Split('\n').Select(line => line.Trim())];

            // SEQUENCE { [3] svn, [4] layer, [6] { { sha384, digest }... }, [7] flags }
            Assert.Contains(fields, field => field.Contains("cont [ 3 ]", StringComparison.Ordinal));
            Assert.Contains(fields, field => field.Contains("cont [ 4 ]", StringComparison.Ordinal));
            Assert.Contains(fields, field => field.Contains("cont [ 7 ]", StringComparison.Ordinal));
            Assert.Equal(fwids.Length, fields.Count(field => field.EndsWith(":sha384", StringComparison.Ordinal)));
            Assert.Equal(
                fwids.Select(fwid => fwid.ToString().ToUpperInvariant()),
                fields.Where(field => field.Contains("[HEX DUMP]:", StringComparison.Ordinal) && field.Contains("OCTET STRING", StringComparison.Ordinal)).Select(field => field[(field.LastIndexOf(':') + 1)..]));
            Assert.Equal(layer, Attestation.Certificates.DeviceCertificate.Parse(
                boot.Certificates[certificate], certificate == 1 ? CertificateProfile.DeviceId : CertificateProfile.Alias).Tcb!.Layer);
        }
    }

    [Fact]
    public async Task Vendor_OpenedByManyAtOnce_IsFoundedOnce()
    {
        SimulatedVendor[] vendors = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(OpenVendorAsync)));
        using BootIdentity boot = await BootAsync();
        CertificateChain.Verify(boot.Certificates, Anchors, TimeProvider.System.GetUtcNow());
        Array.ForEach(vendors, vendor => vendor.Dispose());
    }

    [Fact]
    public async Task Vendor_Revoke_LastsOverRestarts()
    {
        using (SimulatedVendor vendor = await OpenVendorAsync())
        {
            await vendor.RevokeAsync(Attestation.Measurement.Of([1]));
            await vendor.RevokeAsync(Attestation.Measurement.Of([2]));
        }

        (await OpenVendorAsync()).Dispose();
        var collateral = Collateral.Verify(File.ReadAllBytes(Path.Combine(_folder["vendor"], SimulatedVendor.CollateralFile)), Anchors);
        Assert.Equal(2, collateral.Content.Revoked.Count);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Vendor_WhoseCollateralIsGone_DoesNotTakeRevocationsBack()
    {
        using (SimulatedVendor vendor = await OpenVendorAsync())
        {
            await vendor.RevokeAsync(Attestation.Measurement.Of([1]));
        }

        File.Delete(Path.Combine(_folder["vendor"], SimulatedVendor.CollateralFile));

        await ErrorAssert.ThrowsAsync(DeviceErrors.StateDamaged, OpenVendorAsync);
    }

    private static LoadedJob Load(TestJob job, BootIdentity device, bool acceptsItself)
    {
        var request = new LoadRequest { Manifest = ByteString.CopyFrom(job.Manifest.Encoding.Span) };
        request.Approvals.AddRange(job.Approvals.Select(approval => ByteString.CopyFrom(approval.Span)));
        request.Nonces.AddRange(job.Manifest.Content.Parties.Select(party => new PartyNonce { Party = party.Name, Nonce = ByteString.CopyFrom(new byte[Quote.NonceSize]) }));
        return LoadedJob.Check(request, device, acceptsItself);
    }

    private static async Task<string> OpenSslAsync(params string[] arguments)
    {
        using var openssl = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/usr/bin/openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> complaints = openssl.StandardError.ReadToEndAsync();
        string said = await openssl.StandardOutput.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(openssl.ExitCode == 0, said + await complaints);
        return said;
    }

    private TrustAnchors Anchors => TrustAnchors.None.WithPem(File.ReadAllText(Path.Combine(_folder["vendor"], SimulatedVendor.RootFile)));

    private Task<SimulatedVendor> OpenVendorAsync() => SimulatedVendor.OpenAsync(new StateFolder(_folder["vendor"]), TimeProvider.System);

    private async Task<BootIdentity> BootAsync(FirmwareMeter? meter = null, string state = "state")
    {
        using SimulatedVendor vendor = await OpenVendorAsync();
        using RootOfTrust root = RootOfTrust.Open(new StateFolder(_folder[state]), vendor, meter ?? FirmwareMeter.Installed, TimeProvider.System, Fault.None);
        return root.Boot();
    }

    // An update changes the device's own assembly; a byte after its end is one that loads as before and measures differently.
    private string CopyWithUpdatedFirmware()
    {
        string copy = Directory.CreateDirectory(_folder["updated"]).FullName;
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        using FileStream assembly = File.OpenWrite(Path.Combine(copy, FirmwareMeter.CcuAssembly));
        assembly.Seek(0, SeekOrigin.End);
        assembly.WriteByte(0);
        return copy;
    }
}
