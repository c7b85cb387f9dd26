using System.IO.Pipes;
using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Psp.Tests;

public sealed class SimulatedPspTests(SimulatedPspTests.Machine machine) : IClassFixture<SimulatedPspTests.Machine>
{
    private static readonly Measurement s_measurement = Measurement.Of("a guest"u8);
    private static readonly Digest s_policy = Digest.Of("a policy"u8);
    private static readonly byte[] s_data = RandomNumberGenerator.GetBytes(64);

    private static SnpPolicy Trusting => new()
    {
        Party = "clinic-a",
        Measurements = [s_measurement],
        PolicyDigest = s_policy.ToArray(),
        ReportData = s_data,
        AllowSimulated = true,
    };

    [Fact]
    public void Report_OfALaunchedGuest_VerifiesAndSaysHowItWasLaunched()
    {
        VerifiedSnpReport verified = machine.Verify(Guest().Report(s_data));

        Assert.Equal("Simulated", verified.Chain.Product.Name);
        Assert.True(verified.Chain.RevocationChecked);
        Assert.Equal("boot_loader 3, microcode 115, snp 8, tee 0", verified.ReportedTcb.ToString());
        Assert.Empty(Trusting.Assess(verified));
    }

    [Fact]
    public void Policy_ThatDoesNotAllowIt_RefusesSimulationAndSandbox()
    {
        VerifiedSnpReport verified = machine.Verify(machine.Psp.Launch(new GuestLaunch(s_measurement, s_policy) { FamilyId = GuestLaunch.Sandbox }).Report(s_data));

        Assert.Equal(["snp-simulated", "snp-sandbox"], (Trusting with { AllowSimulated = false }).Assess(verified).Select(denial => denial.Code));
        Assert.Empty((Trusting with { AllowSandbox = true }).Assess(verified));
    }

    [Fact]
    public void Report_WithAnyByteChanged_IsRefused()
    {
        byte[] report = Guest().Report(s_data);
        SnpChain chain = machine.Verify(report).Chain;
        for (int i = 0; i < report.Length; i++)
        {
            byte[] changed = [.. report];
            changed[i] ^= (byte)(1 << (i % 8));
            var refusal = Assert.Throws<OrchestratorException>(() => VerifiedSnpReport.Verify(SnpReport.Parse(changed), chain));
            Assert.Contains(refusal.Code.Id, (string[])["snp-report-malformed", "snp-signature-invalid"]);
        }
    }

    [Fact]
    public void Report_OfAnotherGuest_DiffersInWhatCannotBeChosenLater()
    {
        SnpReport one = SnpReport.Parse(Guest().Report(s_data));
        SnpReport other = SnpReport.Parse(machine.Psp.Launch(new GuestLaunch(s_measurement, Digest.Of("another"u8))).Report(s_data));

        Assert.NotEqual(one.ReportId.ToArray(), other.ReportId.ToArray());
        Assert.NotEqual(one.HostData.ToArray(), other.HostData.ToArray());
    }

    [Fact]
    public void Chain_OfASimulatedProcessor_IsNotTrustedWithoutItsRootBeingNamed()
    {
        var refusal = Assert.Throws<OrchestratorException>(() => SnpChain.Verify(SignedCertificate.ParsePem(machine.Psp.Chain), SnpProduct.All, TimeProvider.System.GetUtcNow()));

        Assert.Equal("snp-chain-invalid", refusal.Code.Id);
    }

    [Fact]
    public void Folder_OpenedAgain_IsTheSameProcessor()
    {
        using SimulatedPsp again = SimulatedPsp.Open(machine.Psp.Folder, TimeProvider.System);

        Assert.Equal(machine.Psp.Chain, again.Chain);
        Assert.Empty(Trusting.Assess(machine.Verify(again.Launch(new GuestLaunch(s_measurement, s_policy)).Report(s_data))));
    }

    [Fact]
    public async Task Line_GivesAGuestReportsOnItself()
    {
        using var toPsp = new AnonymousPipeServerStream(PipeDirection.Out);
        using var fromGuest = new AnonymousPipeClientStream(PipeDirection.In, toPsp.ClientSafePipeHandle);
        using var toGuest = new AnonymousPipeServerStream(PipeDirection.Out);
        using var fromPsp = new AnonymousPipeClientStream(PipeDirection.In, toGuest.ClientSafePipeHandle);
        Task serving = PspLine.ServeAsync(new Duplex(fromGuest, toGuest), Guest());
        using (var line = new PspLine(new Duplex(fromPsp, toPsp)))
        {
            for (int i = 0; i < 2; i++)
            {
                (SnpReport report, string chain) = await line.AskAsync(s_data, TestContext.Current.CancellationToken);
                Assert.Equal(machine.Psp.Chain, chain);
                Assert.Empty(Trusting.Assess(machine.Verify(report.Bytes.ToArray())));
            }
        }

        await serving;
    }

    private LaunchedGuest Guest() => machine.Psp.Launch(new GuestLaunch(s_measurement, s_policy));

    /// <summary>One processor for all: its root takes a second or two to make.</summary>
    public sealed class Machine : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-psp-").FullName;

        public Machine() => Psp = SimulatedPsp.Open(Path.Combine(_folder, "psp"), TimeProvider.System);

        public SimulatedPsp Psp { get; }

        public VerifiedSnpReport Verify(byte[] report)
        {
            var product = SnpProduct.Under(SignedCertificate.ParsePem(File.ReadAllText(Path.Combine(Psp.Folder, SimulatedPsp.RootFile))).Single());
            return VerifiedSnpReport.Verify(SnpReport.Parse(report), SnpChain.Verify(SignedCertificate.ParsePem(Psp.Chain), [product], TimeProvider.System.GetUtcNow(), Psp.Revocations));
        }

        public void Dispose()
        {
            Psp.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private sealed class Duplex(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => write.Flush();

        public override int Read(byte[] buffer, int offset, int count) => read.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => write.Write(buffer, offset, count);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                read.Dispose();
                write.Dispose();
            }
        }
    }
}
