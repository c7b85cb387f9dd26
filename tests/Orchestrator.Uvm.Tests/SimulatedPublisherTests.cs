using Orchestrator.Attestation;
using Orchestrator.Attestation.Snp;
using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>The publisher's endorsements pass through the verifier that genuine ones pass through.</summary>
public sealed class SimulatedPublisherTests : IDisposable
{
    private static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();
    private static readonly Measurement s_measurement = Measurement.Of("an image"u8);

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-uvm-").FullName;

    [Fact]
    public void Endorsement_NamesMeasurementVersionAndPublisher()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_folder, TimeProvider.System);

        VerifiedEndorsement endorsement = VerifiedEndorsement.Verify(publisher.Endorse(s_measurement), s_now);

        Assert.Equal((s_measurement, (uint)SimulatedPublisher.GuestSvn, SimulatedPublisher.Feed, publisher.Issuer), (endorsement.Measurement, endorsement.GuestSvn, endorsement.Feed, endorsement.Issuer));
    }

    [Fact]
    public void Publisher_StaysTheSameInItsFolder_AndIsAnotherElsewhere()
    {
        using SimulatedPublisher first = SimulatedPublisher.Open(_folder, TimeProvider.System);
        using SimulatedPublisher again = SimulatedPublisher.Open(_folder, TimeProvider.System);
        using SimulatedPublisher other = SimulatedPublisher.Open(Path.Combine(_folder, "other"), TimeProvider.System);

        Assert.Equal(first.Issuer, again.Issuer);
        Assert.NotEqual(first.Issuer, other.Issuer);
        Assert.Equal(first.Issuer, VerifiedEndorsement.Verify(again.Endorse(s_measurement), s_now).Issuer);
    }

    [Fact]
    public void Endorsement_WithAnyByteChanged_IsRefused()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_folder, TimeProvider.System);
        byte[] endorsement = publisher.Endorse(s_measurement);

        for (int i = 0; i < endorsement.Length; i += 7)
        {
            byte[] changed = [.. endorsement];
            changed[i] ^= 1;
            Assert.ThrowsAny<OrchestratorException>(() => VerifiedEndorsement.Verify(changed, s_now));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
