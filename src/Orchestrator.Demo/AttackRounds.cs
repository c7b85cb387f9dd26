using Orchestrator.Attack;
using Orchestrator.Attack.Attacks;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;
using Spectre.Console;

namespace Orchestrator.Demo;

/// <summary>How one attack ended.</summary>
/// <param name="Name">The attack.</param>
/// <param name="Deed">What the host did.</param>
/// <param name="Stopped">The job failed with the code that the attack must end with, and nothing was delivered.</param>
/// <param name="Message">What the parties were told.</param>
internal sealed record AttackOutcome(string Name, string Deed, bool Stopped, string Message);

/// <summary>
/// Runs one job an attack through the same host, agents and device as the honest job, with the host's messages to the device altered
/// on the way, or with a device that is not what it should be.
/// </summary>
internal sealed class AttackRounds(HostileRelay relay, Uri device, Func<FaultyDevice, Task<Uri>> startFaulty, JobFile job, IReadOnlyList<HostConnection> parties)
{
    private long _serial = job.Serial;

    /// <summary>All attacks, the quote that <see cref="ReplayQuote"/> needs recorded before.</summary>
    /// <param name="recorded">From the honest job.</param>
    public static IReadOnlyList<Attack.Attack> All(RecordQuote recorded) =>
    [
        new FlipBit(),
        new TruncateFrame(),
        new SwapFrames(),
        new ReplayFrame(),
        new TruncateStream(),
        new SwapStreams(),
        new AlterManifest(),
        new ForgeApproval(),
        new ReplayQuote(recorded.Recorded ?? throw new DemoFailedException("No quote was recorded.")),
        new FaultyDevice("foreign-root", "rents out a device of another vendor's making", "attestation-root-unknown"),
        new FaultyDevice("debug", "rents out a device with debugging enabled", "release-device-debug"),
        new FaultyDevice("stale-firmware", "rents out a device with old firmware", "release-security-version-low"),
        new FaultyDevice("revoked", "rents out a device that its vendor has revoked", "attestation-revoked"),
    ];

    /// <summary>Mounts one attack against a fresh job.</summary>
    public async Task<AttackOutcome> RunAsync(Attack.Attack attack, CancellationToken cancel)
    {
        relay.Mount(attack, attack is FaultyDevice faulty ? await startFaulty(faulty) : device);
        Manifest manifest = JobCompiler.Compile(job with { Name = $"under attack: {attack.Name}", Serial = ++_serial });
        HostConnection launcher = parties[0];
        Digest name = await launcher.ProposeAsync(manifest, cancel);
        foreach (HostConnection party in parties.Skip(1))
        {
            await party.ApproveAsync(await party.ManifestAsync(name, cancel), cancel);
        }

        var errors = new List<ErrorDetail>();
        await foreach (JobEvent happened in launcher.WatchAsync(name, cancel: cancel))
        {
            if (happened.Error is { } error)
            {
                errors.Add(error);
            }
        }

        return Judge(attack, await launcher.JobAsync(name, cancel), errors);
    }

    public static Table Show(IReadOnlyList<AttackOutcome> outcomes)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("attack", "the host ...", "stopped", "what the parties are told");
        foreach (AttackOutcome outcome in outcomes)
        {
            table.AddRow(Markup.Escape(outcome.Name), Markup.Escape(outcome.Deed), outcome.Stopped ? "[green]yes[/]" : "[red]NO[/]", Markup.Escape(outcome.Message));
        }

        return table;
    }

    private static AttackOutcome Judge(Attack.Attack attack, Job ended, List<ErrorDetail> errors)
    {
        if (ended.Failure is { } failure)
        {
            errors.Add(failure);
        }

        IEnumerable<(string Code, string Message)> told =
        [
            .. errors.SelectMany(error => error.Denials).Select(denial =>
                (denial.Code, $"{denial.PolicyOf}: {denial.Claim} is {denial.Observed}, expected {denial.Expected}")),
            .. errors.Select(error => (error.Code, error.Message)),
        ];
        (string Code, string Message) expected = told.FirstOrDefault(line => line.Code == attack.StoppedBy);
        bool stopped = ended.State == JobState.Failed && expected.Code is not null && ended.Outputs.Count == 0 && ended.Receipt.IsEmpty;
        string message = expected.Code is null
            ? $"{ended.State}: {string.Join("; ", told.Select(line => $"{line.Code}: {line.Message}"))}"
            : $"{expected.Code}: {expected.Message}";
        return new AttackOutcome(attack.Name, attack.Deed, stopped, message);
    }
}
