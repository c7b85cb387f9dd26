using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Attack.Ranges;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>What the owner of the host's machine does to its storage and its process, and what somebody in between does to its parties.</summary>
internal static class HostAttacks
{
    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        new ReviewAttack(Card("show-other-manifest", "shows the parties another manifest under the job's name", Binding, Watcher.Party, "job-other-manifest"), (host, job) =>
            host.ExecuteAsync("UPDATE jobs SET manifest = $manifest WHERE digest = $job", ("$manifest", material.Earlier.Load!.Manifest.ToByteArray()), ("$job", job.ToArray()))),
        new InventApprovals(material),
        new ForgetWithdrawal(material),
        new ReviewAttack(Card("impersonate-host", "is somebody else, with a certificate of his own", Binding, Watcher.Party, "host-certificate-changed"), (host, _) => ImpersonateAsync(material)),
        new ReviewAttack(Card("restart-rolled-back", "restarts with a database from before the proposal", Rollback, Watcher.Party, "job-not-found"), (host, _) => host.RollBackAsync()),
        EditAudit("edit-audit-log", "changes an entry of the audit log and restarts", "UPDATE audit SET entry = zeroblob(length(entry)) WHERE sequence = 3"),
        EditAudit("cut-audit-log", "takes an entry out of the audit log and restarts", "DELETE FROM audit WHERE sequence = 3"),
        EditAudit("reorder-audit-log", "exchanges two entries of the audit log and restarts", """
            UPDATE audit SET job = NULL, job_sequence = NULL;
            UPDATE audit SET sequence = -1 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE sequence = -1
            """),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, Watcher watcher, string code) => new(name, deed, tests, watcher, code);

    private static ReviewAttack EditAudit(string name, string deed, string sql) => new(
        Card(name, deed, Integrity, Watcher.Host, "host-audit-broken"),
        (host, _) => host.RestartEditedAsync($"DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; {sql}"));

    // Who was given the host's fingerprint by its operator notices before a word is said.
    private static async Task ImpersonateAsync(AttackMaterial material)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=host", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(made)));
        await using WebApplication server = builder.Build();
        await server.StartAsync();
        string address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        HostConnection genuine = material.Others[0];
        await using HostConnection fooled = await material.Accomplice.ConnectAsync(address, genuine.Fingerprint);
    }
}

/// <summary>Writes approvals of an earlier job into the others' places and queues the job without asking them.</summary>
internal sealed class InventApprovals(AttackMaterial material) : Attack(new AttackCard(
    "invent-approvals", "queues a job that only its proposer has approved", SecurityProperty.Binding, Watcher.Agents, "job-not-approved-here"))
{
    public override bool PartiesConsent => false;

    public override async Task BeforeReviewAsync(HostileHost host, Digest job)
    {
        Strike();
        byte[] any = material.Earlier.Load!.Approvals[0].ToByteArray();
        await host.ExecuteAsync("UPDATE job_parties SET approval = $any WHERE job = $job AND approval IS NULL", ("$any", any), ("$job", job.ToArray()));
        await host.QueueAsync(job);
    }
}

/// <summary>Goes back to before a party took its consent back.</summary>
internal sealed class ForgetWithdrawal(AttackMaterial material) : Attack(new AttackCard(
    "forget-withdrawal", "queues a job again that a party has withdrawn from", SecurityProperty.Rollback, Watcher.Agents, "job-not-approved-here"))
{
    public override bool PartiesConsent => false;

    public override async Task BeforeReviewAsync(HostileHost host, Digest job)
    {
        foreach (HostConnection party in material.Others)
        {
            Manifest manifest = await party.ManifestAsync(job);
            await party.ApproveAsync(manifest);
        }

        Job withdrawn = await material.Others[0].WithdrawAsync(job, "changed its mind");
        if (withdrawn.State == JobState.Withdrawn)
        {
            Strike();
            await host.QueueAsync(job);
        }
    }
}
