using System.Diagnostics;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Host.Tests.Infrastructure;
using Orchestrator.Tests;

namespace Orchestrator.Host.Tests;

/// <summary>Python's gRPC, which shares no code with the host's.</summary>
public class ForeignClientTests
{
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task Host_CalledByAForeignClient_AnswersAsSpecified()
    {
        Assert.SkipUnless(File.Exists(Python) && await RunAsync("", "-c", "import grpc") is { ExitCode: 0 }, "python3-grpcio is not installed.");
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        string script = Path.Combine(Tree.Root, "tests", "Orchestrator.Host.Tests", "foreign_client.py");
        string token = client.Headers[0].Value["Bearer ".Length..];

        (int exitCode, string output) = await RunAsync(token, script, $"127.0.0.1:{host.Server.Address.Port}", Path.Combine(host.State, "tls", "certificate.pem"));

        Assert.Equal(0, exitCode);
        string[] lines = output.Split('\n');
        Assert.Equal((await client.Parties.DescribeAsync(new DescribeRequest())), DescribeReply.Parser.ParseFrom(Convert.FromHexString(lines[0])));
        Assert.Equal("auth-login-required", CodeOf(lines[1], "UNAUTHENTICATED"));
        Assert.Equal("auth-login-required", CodeOf(lines[2], "UNAUTHENTICATED"));
        Assert.Equal("", lines[3]);
        Assert.Equal("UNIMPLEMENTED ", lines[4]);
    }

    private static string CodeOf(string line, string status)
    {
        Assert.StartsWith($"{status} ", line, StringComparison.Ordinal);
        return ErrorDetail.Parser.ParseFrom(Convert.FromHexString(line[(status.Length + 1)..])).Code;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string input, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteLineAsync(input);
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
