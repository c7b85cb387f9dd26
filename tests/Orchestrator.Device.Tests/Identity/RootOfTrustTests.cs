using Orchestrator.Attestation.Certificates;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Identity;
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

        using var openssl = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "/usr/bin/openssl",
            ["verify", "-x509_strict", "-CAfile", Path.Combine(_folder["vendor"], SimulatedVendor.RootFile), "-untrusted", _folder["dck"], "-untrusted", _folder["device"], _folder["alias"]])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string said = await openssl.StandardOutput.ReadToEndAsync() + await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(openssl.ExitCode == 0, said);
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
