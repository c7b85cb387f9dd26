using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Sdk;

/// <summary>A job as its launcher writes it: <c>job.yaml</c>, docs/spec/job-file.md. <see cref="JobCompiler"/> makes the manifest of it.</summary>
public sealed record JobFile
{
    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Tells otherwise equal jobs apart.</summary>
    public long Serial { get; init; }

    /// <summary>Everyone who takes part.</summary>
    public required IReadOnlyList<PartyIdentity> Parties { get; init; }

    /// <summary>The party that proposes the job.</summary>
    public required string Launcher { get; init; }

    /// <summary>What is trained.</summary>
    public required StreamSource Program { get; init; }

    /// <summary>What it is trained and evaluated on, in the order in which the plan reads it.</summary>
    public required IReadOnlyList<StreamSource> Data { get; init; }

    /// <summary>What is prepared of raw files before.</summary>
    public IReadOnlyList<StageSource> Stages { get; init; } = [];

    /// <summary>How it is trained.</summary>
    public required TrainingPlan Plan { get; init; }

    /// <summary>What leaves, and to whom.</summary>
    public required IReadOnlyList<ManifestOutput> Outputs { get; init; }

    /// <summary>Which metrics may leave.</summary>
    public required MetricsRelease Metrics { get; init; }

    /// <summary>Where the job may run.</summary>
    public required DeviceRequirements Device { get; init; }

    /// <summary>What it takes of the tiles.</summary>
    public JobMemory Memory { get; init; } = new();

    /// <summary>Epochs between checkpoints; 0 writes none.</summary>
    public int CheckpointEveryEpochs { get; init; }

    /// <summary>What a withdrawal during the run does.</summary>
    public WithdrawalRule Withdrawal { get; init; }

    /// <summary>Release policies that parties have published, for the rehearsal: party and file.</summary>
    public IReadOnlyList<PublishedPolicy> Policies { get; init; } = [];

    /// <summary>Reads a job file. Paths in it start at its own folder.</summary>
    /// <exception cref="Orchestrator.Errors.OrchestratorException">A code of <see cref="YamlErrors"/>, or the file cannot be read.</exception>
    public static JobFile Read(string path) => JobFileReader.Read(YamlDocument.Read(path), Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>Reads a job from a text, e.g. in a notebook.</summary>
    /// <param name="yaml">The job file's content.</param>
    /// <param name="folder">Where paths in it start; null is the current folder.</param>
    /// <exception cref="Orchestrator.Errors.OrchestratorException">A code of <see cref="YamlErrors"/>.</exception>
    public static JobFile Parse(string yaml, string? folder = null) =>
        JobFileReader.Read(YamlDocument.Parse(yaml, "job.yaml"), folder ?? Directory.GetCurrentDirectory());
}

/// <summary>A stream of the job.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Role">What it is read for; null for the program.</param>
/// <param name="Path">The sealed file, or a file with its card.</param>
public sealed record StreamSource(string Owner, StreamRole? Role, string Path);

/// <summary>A prepare stage of the job.</summary>
/// <param name="Name">Of the stage.</param>
/// <param name="Policy">SHA-256 of its execution policy.</param>
/// <param name="Measurements">Launch measurements to accept.</param>
/// <param name="Inputs">File name in the group, and the sealed file.</param>
/// <param name="Outputs">What becomes of the files that the containers leave.</param>
/// <param name="Devices">To which devices the group gives its keys.</param>
public sealed record StageSource(
    string Name,
    Digest Policy,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<(string Name, StreamSource Stream)> Inputs,
    IReadOnlyList<StageResult> Outputs,
    StageDevices Devices);

/// <summary>A stream that a stage makes.</summary>
/// <param name="Name">The file that the containers leave.</param>
/// <param name="Role">What the stream is read for.</param>
/// <param name="Schema">What its records are.</param>
/// <param name="MostRecords">More are refused.</param>
/// <param name="FrameSize">Plaintext bytes of a frame, rounded down to whole records.</param>
public sealed record StageResult(string Name, StreamRole Role, DataSchema Schema, long MostRecords, int FrameSize);

/// <summary>A party's published release policy.</summary>
public sealed record PublishedPolicy(string Party, string Path);
