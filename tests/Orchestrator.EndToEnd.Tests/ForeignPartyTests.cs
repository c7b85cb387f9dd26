using System.Diagnostics;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>A party in Python, on Python's gRPC and its own Ed25519, that knows the host's API from its document alone.</summary>
[Collection<FinishedJob.Collection>]
public sealed class ForeignPartyTests(FinishedJob finished)
{
    private const string Name = "foreigner";

    [Fact]
    public async Task ForeignParty_LoggedInAsDocumented_SeesTheJobsThatNameItAndNoOther()
    {
        using CancellationTokenSource limit = Patience.Begin();
        using Process python = Process.Start(Executable.Start(Executable.Python, [
            Repository.PathOf("tests", "Orchestrator.EndToEnd.Tests", "Python", "foreign_party.py"),
            finished.Host.Address.Authority,
            Path.Combine(finished.HostState, "tls", "certificate.pem"),
            Name]))!;
        try
        {
            Task<string> errors = python.StandardError.ReadToEndAsync(limit.Token);
            string keys = await python.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(await errors);
            Digest job = await ProposeToAsync(keys.Split(' '));
            await python.StandardInput.WriteLineAsync();
            await python.StandardInput.FlushAsync(limit.Token);

            string seen = await python.StandardOutput.ReadToEndAsync(limit.Token);
            await python.WaitForExitAsync(limit.Token);
            Assert.True(python.ExitCode == 0, await errors);
            Assert.Equal($"{job}\n", seen);
        }
        finally
        {
            python.Kill();
        }
    }

    private async Task<Digest> ProposeToAsync(string[] keys)
    {
        Assert.True(VerificationKey.TryImport(Convert.FromHexString(keys[0]), out VerificationKey? signingKey));
        Assert.True(HpkePublicKey.TryImport(Convert.FromHexString(keys[1]), out HpkePublicKey? sealingKey));
        JobFile job = finished.NewJob();
        job = job with { Parties = [.. job.Parties, new PartyIdentity(Name, signingKey, sealingKey)], Outputs = [job.Outputs[0] with { Receivers = ["clinic-a", Name] }, job.Outputs[1]] };
        return await finished.Parties.Lab.Host.ProposeAsync(JobCompiler.Compile(job));
    }
}
