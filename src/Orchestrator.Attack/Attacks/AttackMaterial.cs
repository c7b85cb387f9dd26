using Orchestrator.Attack.Ranges;
using Orchestrator.Attack.Relay;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Attacks;

/// <summary>What attacks are made of: the memory of an honest job, an accomplice, and an old file. Not every site has all of it.</summary>
public sealed class AttackMaterial
{
    /// <summary>Everything that an honest job between the same parties showed the host.</summary>
    public Recording Earlier { get; init; } = new();

    /// <summary>The same of an honest job with a prepare stage.</summary>
    public StageRecording EarlierStage { get; init; } = new();

    /// <summary>The owner of stream <see cref="Streams.Victim"/>, who colludes with the host.</summary>
    public Party Accomplice { get => field ?? throw Missing(nameof(Accomplice)); init; }

    /// <summary>Digest of the accomplice's stream.</summary>
    public Digest StreamOfAccomplice { get; init; }

    /// <summary>Path of an older sealing of stream <see cref="Streams.Victim"/>, by the same owner.</summary>
    public string OlderVersion { get => field ?? throw Missing(nameof(OlderVersion)); init; }

    /// <summary>The connections of all parties but the launcher.</summary>
    public IReadOnlyList<HostConnection> Others { get => field ?? throw Missing(nameof(Others)); init; }

    /// <summary>Has one of <see cref="Others"/> fetch and accept a job's result.</summary>
    public Func<HostConnection, Digest, Task> FetchAsync { get => field ?? throw Missing(nameof(FetchAsync)); init; }

    /// <summary>A second genuine device of the same vendor.</summary>
    public Func<Task<DeviceLine>> SecondDevice { get => field ?? throw Missing(nameof(SecondDevice)); init; }

    /// <summary>What the parties' agents report.</summary>
    public AgentLog Agents { get => field ?? throw Missing(nameof(Agents)); init; }

    /// <summary>The genuine device's storage and process.</summary>
    public HostileDevice Device { get => field ?? throw Missing(nameof(Device)); init; }

    private static InvalidOperationException Missing(string what) => new($"This site has no {what}.");
}

/// <summary>Streams of every job that is attacked, by their number in the manifest.</summary>
internal static class Streams
{
    /// <summary>The program.</summary>
    public const uint Program = 1;

    /// <summary>The data stream that is attacked.</summary>
    public const uint Victim = 2;

    /// <summary>Another party's data stream with as many frames.</summary>
    public const uint Other = 3;

    /// <summary>Data of the program's owner.</summary>
    public const uint OfProgramOwner = 4;
}
