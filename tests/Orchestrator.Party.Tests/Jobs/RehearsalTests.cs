using System.Security.Cryptography;
using Orchestrator.Attestation.Tests.Support;

namespace Orchestrator.Sdk.Tests.Jobs;

public sealed class RehearsalTests : IAsyncLifetime
{
    private readonly TestVendor _vendor = new();
    private Consortium _parties = null!;

    public async ValueTask InitializeAsync()
    {
        _parties = await Consortium.CreateAsync();
        File.WriteAllText(_parties["root.pem"], PemEncoding.WriteString("CERTIFICATE", _vendor.RootDer));
    }

    public ValueTask DisposeAsync()
    {
        _parties.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Rehearsal_OfAGoodJob_PredictsWhatItReads()
    {
        Rehearsal rehearsal = await Rehearsal.RunAsync(Job("simulated_devices, unknown_revocation"));

        Assert.Empty(rehearsal.Findings);
        Assert.Equal(40, rehearsal.Prediction.TrainingRecords);
        Assert.Equal(5, rehearsal.Prediction.StepsPerEpoch);
        Assert.Equal(_parties.Compile().Content.Streams.Where(stream => stream.Schema is not null).Sum(stream => stream.Frames), rehearsal.Prediction.FramesPerEpoch);
        Assert.Contains(rehearsal.NotChecked, line => line.Contains("clinic-b", StringComparison.Ordinal));
        Assert.DoesNotContain(rehearsal.NotChecked, line => line.Contains("clinic-a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rehearsal_WithAPolicyThatWillRefuse_SaysSoBeforeAnyoneWaits()
    {
        Rehearsal rehearsal = await Rehearsal.RunAsync(Job(""));

        Assert.Equal(
            ["release-device-simulated", "release-revocation-unknown"],
            rehearsal.Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal));
        Assert.All(rehearsal.Findings, finding => Assert.Equal("clinic-a", finding.PolicyOf));
    }

    [Fact]
    public async Task Rehearsal_WithADeviceThatTheJobDoesNotAccept_SaysWhy()
    {
        var device = new PredictedDevice("tpu", TestVendor.Firmware, 0, Debug: true, Simulated: true);
        Rehearsal rehearsal = await Rehearsal.RunAsync(Job("simulated_devices, unknown_revocation"), [device]);

        Assert.Contains(rehearsal.Findings, finding => finding.Code == "release-firmware-unknown" && finding.PolicyOf == "manifest");
        Assert.Contains(rehearsal.Findings, finding => finding.Code == "release-security-version-low");
        Assert.Contains(rehearsal.Findings, finding => finding.Code == "release-device-debug");
    }

    [Fact]
    public void PredictedDevice_FromAHostsDescription_SaysWhatTheCertificatesSay()
    {
        byte[] chain = [.. _vendor.AliasDer, .. _vendor.DeviceIdDer, .. _vendor.DckDer];
        var description = new Contracts.Protocol.Host.DeviceDescription { Name = "tpu", Evidence = Google.Protobuf.ByteString.CopyFrom(chain) };

        PredictedDevice? device = PredictedDevice.From(description);

        Assert.Equal(new PredictedDevice("tpu", TestVendor.Firmware, 1, Debug: false, Simulated: true), device);
        for (int length = 0; length < chain.Length; length += 13)
        {
            description.Evidence = Google.Protobuf.ByteString.CopyFrom(chain, 0, length);
            Assert.Null(PredictedDevice.From(description));
        }

    }

    private JobFile Job(string allow)
    {
        File.WriteAllText(_parties["policy.yaml"], $"format: orchestrator/release-policy/v1\nroots: [root.pem]\nallow: [{allow}]\n");
        return JobFile.Parse(_parties.JobYaml(), _parties[""]) with { Policies = [new PublishedPolicy("clinic-a", _parties["policy.yaml"])] };
    }
}
