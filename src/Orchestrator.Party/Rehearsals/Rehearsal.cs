using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Data.Reading;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>What a job would read and do.</summary>
/// <param name="TrainingRecords">Records an epoch trains on.</param>
/// <param name="StepsPerEpoch">Optimiser steps of an epoch.</param>
/// <param name="FramesPerEpoch">Frames that the device asks for in an epoch, evaluation included.</param>
/// <param name="SealedBytes">Bytes of all sealed streams, to upload once.</param>
public sealed record JobPrediction(long TrainingRecords, long StepsPerEpoch, long FramesPerEpoch, long SealedBytes);

/// <summary>
/// Tries a job out before anyone encrypts or waits: compiles it, predicts what it reads and needs, runs the program once on
/// zeros, and asks every published policy about every device that may run it and every group that may prepare its data.
/// </summary>
public sealed class Rehearsal
{
    // IV field and tag of every frame (docs/spec/sealed-stream.md).
    private const int FrameOverhead = 32;

    private Rehearsal(Manifest manifest, JobPrediction prediction, IReadOnlyList<Denial> findings, IReadOnlyList<string> unchecked_)
    {
        Manifest = manifest;
        Prediction = prediction;
        Findings = findings;
        NotChecked = unchecked_;
    }

    /// <summary>What the job compiles to.</summary>
    public Manifest Manifest { get; }

    /// <summary>What it would read and do.</summary>
    public JobPrediction Prediction { get; }

    /// <summary>What the program took; null if it was not tried, or failed.</summary>
    public ProgramTrial? Trial { get; private init; }

    /// <summary>Everything that would stop it, each with whose rule it is and the remedy.</summary>
    public IReadOnlyList<Denial> Findings { get; }

    /// <summary>What could not be tried out here, and why.</summary>
    public IReadOnlyList<string> NotChecked { get; }

    /// <summary>Rehearses a job.</summary>
    /// <param name="job">The job file.</param>
    /// <param name="devices">Devices to rehearse with; empty takes those that the manifest requires.</param>
    /// <param name="program">Runs programs; null leaves the program untried.</param>
    /// <param name="archive">The program in plaintext, if it is at hand.</param>
    /// <param name="groups">Groups to rehearse the prepare stages of a manifest with; null leaves them untried.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">The job does not compile, or a file of it cannot be read.</exception>
    public static async Task<Rehearsal> RunAsync(
        JobFile job, IReadOnlyList<PredictedDevice>? devices = null, ProgramRunner? program = null, string? archive = null,
        Func<Manifest, IReadOnlyList<PredictedGroup>>? groups = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        Manifest manifest = await Task.Run(() => JobCompiler.Compile(job), cancel);
        var findings = new List<Denial>();
        var unchecked_ = new List<string>();
        IReadOnlyList<PredictedDevice> candidates = devices is { Count: > 0 } ? devices : PredictedDevice.RequiredBy(manifest);
        AskPolicies(job, manifest, candidates, findings, unchecked_);
        AskPolicies(job, manifest, groups?.Invoke(manifest) ?? [], findings, unchecked_);
        ProgramTrial? trial = await TryProgramAsync(manifest, program, archive, findings, unchecked_, cancel);
        return new Rehearsal(manifest, Predict(manifest), findings, unchecked_) { Trial = trial };
    }

    private static void AskPolicies(JobFile job, Manifest manifest, IReadOnlyList<PredictedDevice> devices, List<Denial> findings, List<string> unchecked_)
    {
        DeviceRequirements required = manifest.Content.Device;
        foreach (PublishedPolicy published in job.Policies)
        {
            PartyPolicy policy = PartyPolicy.Read(published.Path, published.Party);
            foreach (PredictedDevice device in devices)
            {
                IEnumerable<Denial> denials = policy.Rules.AssessDevice(
                    device.Claims(manifest.Digest), policy.ConsultsCollateral ? 0 : null, required.Firmware, required.MinimumSecurityVersion);
                findings.AddRange(denials.Select(denial => denial with { Claim = $"{device.Name}: {denial.Claim}" }));
            }
        }

        unchecked_.AddRange(manifest.Content.Parties
            .Select(party => party.Name)
            .Except(job.Policies.Select(policy => policy.Party))
            .Select(name => $"the release policy of {name}: it has not published one (key `policies` of the job file)"));
    }

    private static void AskPolicies(JobFile job, Manifest manifest, IReadOnlyList<PredictedGroup> groups, List<Denial> findings, List<string> unchecked_)
    {
        foreach (ManifestStage stage in manifest.Content.Stages)
        {
            PredictedGroup[] candidates = [.. groups.Where(group => group.Stage == stage.Name)];
            if (candidates.All(group => group.Guess is not null))
            {
                unchecked_.Add($"the processor and the endorsement of stage {stage.Name}: only a group's evidence shows them (--group {stage.Name}=FILE)");
            }

            foreach (PublishedPolicy published in job.Policies)
            {
                GroupPolicy? policy = PartyPolicy.Read(published.Path, published.Party).Groups;
                findings.AddRange(policy is null
                    ? [GroupRelease.NotTrustedBy(published.Party) with { Claim = $"stage {stage.Name}: snp" }]
                    : candidates.SelectMany(group => group.Assess(policy, stage, TimeProvider.System).Select(denial => denial with { Claim = $"stage {stage.Name}, {group.Name}: {denial.Claim}" })));
            }
        }
    }

    private static async Task<ProgramTrial?> TryProgramAsync(
        Manifest manifest, ProgramRunner? program, string? archive, List<Denial> findings, List<string> unchecked_, CancellationToken cancel)
    {
        if (program is null || archive is null)
        {
            unchecked_.Add("the program with the data's schema: only who has the program in plaintext can try it (--program)");
            return null;
        }

        try
        {
            ProgramTrial trial = await program.TryAsync(archive, manifest, cancel);
            CheckParameters(manifest, trial, findings);
            return trial;
        }
        catch (OrchestratorException e) when (e.Code.Class is ErrorClass.Input or ErrorClass.Refused or ErrorClass.JobFailed)
        {
            findings.Add(new Denial(e.Code.Id, "program", "one that runs on the data's schema, in the planned memory", e.Message, ReleasePolicy.Manifest, e.Remedy));
            return null;
        }
    }

    private static void CheckParameters(Manifest manifest, ProgramTrial trial, List<Denial> findings)
    {
        long reserved = manifest.Content.Memory.Parameters;
        if (trial.ParameterBytes > reserved)
        {
            ProgramLayer largest = trial.Layers.MaxBy(layer => layer.Bytes)!;
            findings.Add(new Denial(
                ContractErrors.MemoryExceeded.Id,
                "memory.parameters",
                $"at most {reserved} bytes",
                $"{trial.ParameterBytes} bytes, of which the largest layer, {largest.Name}, takes {largest.Bytes}",
                ReleasePolicy.Manifest,
                $"Reserve {trial.ParameterBytes} (memory.parameters), or make {largest.Name} smaller."));
        }
    }

    private static JobPrediction Predict(Manifest manifest)
    {
        var reads = ReadPlan.Of(manifest.Content);
        PlannedPass train = reads.Passes.Single(pass => pass.Kind == PassKind.Train);
        return new JobPrediction(
            train.Records,
            train.Batches,
            reads.Passes.Where(pass => pass.Kind != PassKind.Standardize).Sum(pass => pass.Frames),
            manifest.Content.Streams.Sum(SealedSize));
    }

    private static long SealedSize(ManifestStream stream) => (stream.Records * stream.RecordSize) + (stream.Frames * FrameOverhead);
}
