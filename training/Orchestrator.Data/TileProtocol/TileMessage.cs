using System.Collections.Immutable;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>One data stream as the tiles need to know it; its place in <see cref="TileMessage.Configure.Streams"/> is its number.</summary>
/// <param name="Id">Its name in the manifest, for messages.</param>
/// <param name="Role">What it is read for.</param>
/// <param name="Schema">Layout of its records.</param>
/// <param name="FrameSize">Plaintext bytes of every frame but the last; a multiple of the record size.</param>
/// <param name="Records">Records in the whole stream.</param>
public sealed record TileStream(string Id, StreamRole Role, DataSchema Schema, int FrameSize, long Records)
{
    /// <summary>How the stream is cut.</summary>
    public StreamShape Shape => new(Records, FrameSize / Schema.RecordSize);
}

/// <summary>A figure by its name, such as <c>train_loss</c>.</summary>
public readonly record struct Metric(string Name, double Value);

/// <summary>One message between the device's controller and its tile process. Specified in docs/spec/tiles.md.</summary>
public abstract record TileMessage
{
    private TileMessage()
    {
    }

    /// <summary>To the tiles, before everything else and at will: look for a way out of the confinement. What is outside, so that it can be tried.</summary>
    public sealed record Probe : TileMessage
    {
        /// <summary>Files and folders that the tiles are to see. At most <see cref="TileLimits.MaxProbed"/>, as everything in lists here.</summary>
        public required ImmutableArray<string> Files { get; init; }

        /// <summary>Files and folders that they are not to see, even where a folder of <see cref="Files"/> would show them.</summary>
        public required ImmutableArray<string> Secrets { get; init; }

        /// <summary>Names of the environment that they are to have.</summary>
        public required ImmutableArray<string> Environment { get; init; }

        /// <summary>The controller's namespaces, as the links below /proc/self/ns name them.</summary>
        public required ImmutableArray<string> Namespaces { get; init; }

        /// <summary>A TCP port of 127.0.0.1 at which the controller listens.</summary>
        public required int Port { get; init; }

        /// <summary>A Unix-domain socket in the abstract namespace, without its leading zero, at which it does too.</summary>
        public required string Socket { get; init; }
    }

    /// <summary>To the tiles, first but for <see cref="Probe"/>: what to train on what.</summary>
    /// <param name="Plan">The training plan.</param>
    /// <param name="Streams">All data streams in the manifest's order, 1 to <see cref="TileLimits.MaxStreams"/>.</param>
    /// <param name="ProgramSize">Bytes of the TorchScript archive that follows.</param>
    public sealed record Configure(TrainingPlan Plan, ImmutableArray<TileStream> Streams, long ProgramSize) : TileMessage
    {
        /// <summary>Bytes that the job may take in the tiles, by its manifest's memory plan.</summary>
        public required long MemoryBytes { get; init; }

        /// <summary>The tiles hand out their state after every so many epochs; 0: never.</summary>
        public int CheckpointEveryEpochs { get; init; }

        /// <summary>Epochs that an earlier session did; if there are any, <see cref="State"/> follows the program.</summary>
        public int FirstEpoch { get; init; }

        /// <summary>The passes that the session makes over these streams, and so every frame that may be asked for.</summary>
        public JobSchedule Schedule() => new(Plan, [.. Streams.Select(stream => new JobStream(stream.Role, stream.Shape))], FirstEpoch);
    }

    /// <summary>To the tiles: the next piece of the program, until <see cref="Configure.ProgramSize"/> bytes are there.</summary>
    public sealed record Program(ReadOnlyMemory<byte> Chunk) : TileMessage;

    /// <summary>To the tiles, after the program of a job that is resumed: the next piece of the state that <see cref="Checkpoint"/> handed out.</summary>
    /// <param name="Last">Whether the state is whole with it.</param>
    /// <param name="Chunk">At most <see cref="TileLimits.ChunkSize"/> bytes.</param>
    public sealed record State(bool Last, ReadOnlyMemory<byte> Chunk) : TileMessage;

    /// <summary>To the tiles, after <see cref="Ready"/>: train.</summary>
    public sealed record Start : TileMessage;

    /// <summary>To the tiles: a frame that was asked for, in the order of asking.</summary>
    public sealed record Frame(FramePosition Position, ReadOnlyMemory<byte> Plaintext) : TileMessage;

    /// <summary>To the tiles: train no further than to the end of the epoch at hand.</summary>
    public sealed record Finish : TileMessage;

    /// <summary>To the tiles: stop; <see cref="Failed"/> with <c>tiles-cancelled</c> follows.</summary>
    public sealed record Cancel : TileMessage;

    /// <summary>From the tiles: what <see cref="Probe"/> found.</summary>
    /// <param name="Findings">What was reached, in words; empty if the confinement is sound. At most <see cref="TileLimits.MaxFindings"/>.</param>
    public sealed record Probed(ImmutableArray<string> Findings) : TileMessage;

    /// <summary>From the tiles: the program is loaded and a dry run gave outputs of the right shape.</summary>
    public sealed record Ready : TileMessage;

    /// <summary>From the tiles: send this frame. Several may be outstanding.</summary>
    public sealed record NeedFrame(FramePosition Position) : TileMessage;

    /// <summary>From the tiles, after each epoch.</summary>
    /// <param name="Epoch">Epochs done, from 1.</param>
    /// <param name="Step">Optimiser steps done.</param>
    /// <param name="Metrics">At most <see cref="TileLimits.MaxMetrics"/>.</param>
    public sealed record Progress(int Epoch, long Step, ImmutableArray<Metric> Metrics) : TileMessage;

    /// <summary>From the tiles, after the <see cref="Progress"/> of the epoch that it belongs to: the next piece of the training state.</summary>
    /// <param name="Last">Whether the state is whole with it.</param>
    /// <param name="Chunk">At most <see cref="TileLimits.ChunkSize"/> bytes.</param>
    public sealed record Checkpoint(bool Last, ReadOnlyMemory<byte> Chunk) : TileMessage;

    /// <summary>From the tiles: the next piece of an output.</summary>
    /// <param name="Kind">Model; metrics travel in <see cref="Progress"/>.</param>
    /// <param name="Last">Whether it ends that output.</param>
    /// <param name="Chunk">At most <see cref="TileLimits.ChunkSize"/> bytes.</param>
    public sealed record Output(StreamKind Kind, bool Last, ReadOnlyMemory<byte> Chunk) : TileMessage;

    /// <summary>From the tiles, last: why there is no result.</summary>
    public sealed record Failed(string Code, ErrorClass Class, string Message, string Remedy) : TileMessage;

    /// <summary>From the tiles, last: all outputs are sent.</summary>
    /// <param name="Epochs">Epochs trained, those of earlier sessions included.</param>
    /// <param name="Steps">Optimiser steps taken, those of earlier sessions included.</param>
    /// <param name="TrainingMicroseconds">From <see cref="Start"/> to the last step, waiting included.</param>
    /// <param name="WaitingMicroseconds">Of those, spent waiting for frames.</param>
    public sealed record Done(int Epochs, long Steps, long TrainingMicroseconds, long WaitingMicroseconds) : TileMessage;
}
