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
    public void Folder_HasKeysForItsOwnerAlone_AndNoneOfTheIntermediate()
    {
        string[] files = [.. Directory.GetFileSystemEntries(machine.Psp.Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

        Assert.Equal(["ark.key", "ark.pem", "chain.pem", "crl.der", "vcek.key"], files);
        Assert.All(files.Where(file => file.EndsWith(".key", StringComparison.Ordinal)), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(machine.Psp.Folder, file))));
        Assert.Equal(["psp"], Directory.GetFileSystemEntries(Path.GetDirectoryName(machine.Psp.Folder)!).Select(Path.GetFileName));
    }

    [Fact]
    public void Folder_OpenedMonthsLater_HasAListThatIsCurrentThen()
    {
        DateTimeOffset later = TimeProvider.System.GetUtcNow().AddDays(60);
        using var folder = new Copy(machine.Psp.Folder);
        using SimulatedPsp again = SimulatedPsp.Open(folder.Path, new Later(later));
        SignedCertificate[] chain = [.. SignedCertificate.ParsePem(again.Chain)];
        SnpProduct product = SnpProduct.Under(chain[^1]);

        Assert.True(SnpChain.Verify(chain, [product], later, again.Revocations).RevocationChecked);
        Assert.Equal("snp-crl-invalid", Assert.Throws<OrchestratorException>(() => SnpChain.Verify(chain, [product], later, machine.Psp.Revocations)).Code.Id);
    }

    [Theory]
    [InlineData("vcek.key", "no key")]
    [InlineData("ark.key", "no key")]
    [InlineData("chain.pem", "no chain")]
    [InlineData("vcek.key", null)]
    public void Folder_ThatIsDamaged_IsNotMadeAnew(string file, string? content)
    {
        using var folder = new Copy(machine.Psp.Folder);
        string path = Path.Combine(folder.Path, file);
        File.Delete(path);
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        var refusal = Assert.Throws<OrchestratorException>(() => SimulatedPsp.Open(folder.Path, TimeProvider.System));

        Assert.Contains(refusal.Code.Id, (string[])["psp-state-damaged", "storage-missing"]);
        Assert.Equal(content, File.Exists(path) ? File.ReadAllText(path) : null);
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(SnpReport.Size + 4, 100u)]
    [InlineData(SnpReport.Size + 4 + 65_537, 65_537u)]
    public async Task Line_ToAProcessorThatHangsUpOrSaysTooMuch_IsAFailure(int bytes, uint length)
    {
        byte[] answer = new byte[bytes];
        if (bytes > 0)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(SnpReport.Size), length);
        }

        using var said = new MemoryStream(answer);
        using var line = new PspLine(new Duplex(said, Stream.Null));

        Assert.Equal("psp-unreachable", (await Assert.ThrowsAsync<OrchestratorException>(() => line.AskAsync(s_data, TestContext.Current.CancellationToken))).Code.Id);
        Assert.True(said.Position <= SnpReport.Size + 4, $"{said.Position} bytes were taken");
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

    private sealed class Later(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    /// <summary>The processor's folder, to be spoilt.</summary>
    private sealed class Copy : IDisposable
    {
        private readonly string _parent = Directory.CreateTempSubdirectory("orchestrator-psp-copy-").FullName;

        public Copy(string folder)
        {
            Directory.CreateDirectory(Path);
            foreach (string file in Directory.GetFiles(folder))
            {
                File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
            }
        }

        public string Path => System.IO.Path.Combine(_parent, "psp");

        public void Dispose() => Directory.Delete(_parent, recursive: true);
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
