using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Crypto;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests;

/// <summary>The executable, as an operator starts and ends it.</summary>
public class ProcessTests
{
    private static readonly string s_executable = Path.Combine(AppContext.BaseDirectory, "Orchestrator.Host");

    [Fact]
    public async Task Process_ToldToEnd_EndsCleanly()
    {
        string folder = Directory.CreateTempSubdirectory("host-").FullName;
        using Process host = Start("--state", Path.Combine(folder, "state"), "--listen", "127.0.0.1:0", "--ready-file", Path.Combine(folder, "ready"));
        Uri address = await AddressAsync(host);
        Assert.Equal(address, new Uri((await File.ReadAllTextAsync(Path.Combine(folder, "ready"))).Trim()));

        using Process kill = Process.Start("kill", ["-TERM", $"{host.Id}"]);

        await Expect.WithinAsync(host.WaitForExitAsync());
        Assert.Equal(0, host.ExitCode);
        string[] lines = (await host.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(FingerprintOf(folder), Digest.Parse(lines.Single()["certificate ".Length..]));
    }

    [Fact]
    public async Task Process_KilledDuringAnUpload_ContinuesIt()
    {
        string folder = Directory.CreateTempSubdirectory("host-").FullName;
        var party = new TestParty("clinic-a");
        SealedSample sample = SealedSample.Create(300_000);
        long received = 0;
        await WithClientAsync(folder, party, async client =>
        {
            using var call = client.Objects.Put(client.Headers);
            await call.RequestStream.WriteAsync(new() { Digest = HostClient.Bytes(sample.Digest), Size = (ulong)sample.Bytes.Length, Data = Google.Protobuf.ByteString.CopyFrom(sample.Bytes.AsSpan(0, 123_457)) });
            await Poll.UntilAsync(async () => (received = (long)(await client.StatAsync(sample.Digest)).Received) > 0);
        });

        await WithClientAsync(folder, party, async client =>
        {
            received = (long)(await client.StatAsync(sample.Digest)).Received;
            Assert.InRange(received, 1, 123_457);
            Assert.True((await client.PutAsync(sample.Digest, sample.Bytes.Length, received, sample.Bytes.AsMemory((int)received))).Complete);
        });

        await WithClientAsync(folder, party, async client => Assert.Equal(sample.Bytes, await client.GetAsync(sample.Digest)));
    }

    [Theory]
    [InlineData("--listen", "nowhere")]
    [InlineData("--device", "ftp://127.0.0.1")]
    [InlineData("--unknown", "1")]
    public async Task Process_WithAWrongOption_IsAUsageError(string option, string value)
    {
        using Process host = Start(option, value);

        await Expect.WithinAsync(host.WaitForExitAsync());

        Assert.Equal(2, host.ExitCode);
    }

    [Fact]
    public async Task Process_OnAStateThatIsTaken_SaysSoInOneLineWithARemedy()
    {
        await using TestHost host = await TestHost.StartAsync();
        using Process second = Start("--state", host.State, "--listen", "127.0.0.1:0");

        await Expect.WithinAsync(second.WaitForExitAsync());

        string[] lines = (await second.StandardError.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, second.ExitCode);
        Assert.StartsWith("error: host-state-in-use: ", lines[0], StringComparison.Ordinal);
        Assert.Equal(2, lines.Length);
        Assert.Empty(await second.StandardOutput.ReadToEndAsync());
    }

    private static async Task WithClientAsync(string folder, TestParty party, Func<HostClient, Task> work)
    {
        using Process host = Start("--state", Path.Combine(folder, "state"), "--listen", "127.0.0.1:0");
        try
        {
            using var client = new HostClient(await AddressAsync(host), FingerprintOf(folder), party);
            await client.RegisterAsync();
            await client.LoginAsync();
            await work(client);
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync();
        }
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(s_executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    // Its first line, which it prints once it serves.
    private static async Task<Uri> AddressAsync(Process host) => new((await Expect.WithinAsync(host.StandardOutput.ReadLineAsync()))!["address ".Length..]);

    private static Digest FingerprintOf(string folder)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "state", "tls", "certificate.pem"));
        return Digest.Of(certificate.RawData);
    }
}
