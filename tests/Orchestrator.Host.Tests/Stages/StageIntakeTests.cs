using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Stages;
using Orchestrator.Host.Storage;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Stages;

/// <summary>What the host carries to a group, and what it takes from a shim that keeps to the protocol or does not.</summary>
public sealed class StageIntakeTests : IDisposable
{
    private const int Stream = 2;
    private static readonly SealedSample s_input = SealedSample.Create(400_000);
    private static readonly SealedSample s_output = SealedSample.Create(5000);

    private readonly StateDirectory _state = StateDirectory.Open(Directory.CreateTempSubdirectory("intake-").FullName);
    private readonly ObjectStore _store;

    public StageIntakeTests()
    {
        _store = new ObjectStore(_state, null!, new HostOptions { State = _state.Root }, TimeProvider.System);
        ObjectWriter writer = _store.BeginOutput("of a test");
        writer.Append(s_input.Bytes);
        _store.Place(writer, writer.Finish());
    }

    public void Dispose()
    {
        _state.Dispose();
        Directory.Delete(_state.Root, recursive: true);
    }

    [Fact]
    public async Task Inputs_AreCarriedWhole_AndWhatIsMadeIsStored()
    {
        var shim = new Shim([Statement(), Piece(s_output.Bytes[..1000]), Piece(s_output.Bytes[1000..], last: true)]);

        (ByteString statement, Dictionary<int, Digest> streams) = await RunAsync(shim);

        Assert.Equal("statement", statement.ToStringUtf8());
        Assert.Equal(new Dictionary<int, Digest> { [Stream] = s_output.Digest }, streams);
        Assert.Equal("group", shim.Sent[0].Group);
        Assert.All(shim.Sent.Skip(1), request => Assert.Equal("west", request.Input));
        Assert.Equal(s_input.Bytes, shim.Sent.SelectMany(request => request.Data));
        Assert.Empty(shim.Sent[^1].Data);
        Assert.Equal(s_output.Bytes, await File.ReadAllBytesAsync(Path.Combine(_state.Objects, s_output.Digest.ToString()), TestContext.Current.CancellationToken));
    }

    public static TheoryData<string> Breaches =>
        ["two statements", "no statement", "no stream", "half a stream", "another stage's stream", "a stream twice", "an empty reply", "more than an object may have"];

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task Shim_ThatBreaksTheProtocol_IsRefused_AndLeavesNothingHalfDone(string breach)
    {
        PrepareReply whole = Piece(s_output.Bytes, last: true);
        var shim = new Shim(breach switch
        {
            "two statements" => [Statement(), Statement(), whole],
            "no statement" => [whole],
            "no stream" => [Statement()],
            "half a stream" => [Statement(), Piece(s_output.Bytes)],
            "another stage's stream" => [Statement(), Piece(s_output.Bytes, last: true, stream: 3)],
            "a stream twice" => [Statement(), whole, Piece(SealedSample.Create(6000).Bytes, last: true)],
            "an empty reply" => [Statement(), new PrepareReply(), whole],
            _ => [Statement(), Piece(s_output.Bytes[..1000]), Piece(s_output.Bytes[1000..], last: true)],
        });

        var refused = await Assert.ThrowsAsync<OrchestratorException>(() => RunAsync(shim, breach.StartsWith("more", StringComparison.Ordinal) ? s_output.Bytes.Length - 1 : int.MaxValue));

        Assert.Equal("shim-protocol", refused.Code.Id);
        Assert.Empty(Directory.EnumerateFiles(_state.Uploads));
    }

    [Fact]
    public async Task Input_ThatIsGone_EndsTheCall_AndIsTheReason()
    {
        File.Delete(Path.Combine(_state.Objects, s_input.Digest.ToString()));

        var refused = await Assert.ThrowsAsync<OrchestratorException>(() => RunAsync(new Shim([Statement()])));

        Assert.Equal("storage-missing", refused.Code.Id);
    }

    private Task<(ByteString Statement, Dictionary<int, Digest> Streams)> RunAsync(Shim shim, long maximumBytes = int.MaxValue)
    {
        var stage = new ManifestStage(
            "join", Digest.Of("a policy"u8), [Measurement.Of("an agent"u8)], [new StageInput("west", "clinic-a", s_input.Digest, 1024, 1, 1)], [new StageOutput("joined.csv", Stream)], new StageDevices([], DeviceAllowances.None));
        return new StageIntake(_store, maximumBytes).RunAsync(shim, "group", stage, TestContext.Current.CancellationToken);
    }

    private static PrepareReply Statement() => new() { Statement = ByteString.CopyFromUtf8("statement") };

    private static PrepareReply Piece(ReadOnlySpan<byte> data, bool last = false, int stream = Stream) =>
        new() { Piece = new PreparedPiece { Stream = (uint)stream, Data = ByteString.CopyFrom(data), Last = last } };

    /// <summary>Says what it is told to, and ends when it has been sent everything.</summary>
    private sealed class Shim(PrepareReply[] replies) : Groups.GroupsClient, IClientStreamWriter<PrepareRequest>, IAsyncStreamReader<PrepareReply>
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _next = -1;

        public List<PrepareRequest> Sent { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public PrepareReply Current => replies[_next];

        public override AsyncDuplexStreamingCall<PrepareRequest, PrepareReply> Prepare(Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default) =>
            new(this, this, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });

        public Task WriteAsync(PrepareRequest message)
        {
            Sent.Add(message);
            return Task.CompletedTask;
        }

        Task IAsyncStreamWriter<PrepareRequest>.WriteAsync(PrepareRequest message, CancellationToken cancellationToken) => WriteAsync(message);

        public Task CompleteAsync()
        {
            _complete.SetResult();
            return Task.CompletedTask;
        }

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (++_next < replies.Length)
            {
                return true;
            }

            await _complete.Task.WaitAsync(cancellationToken);
            return false;
        }
    }
}
