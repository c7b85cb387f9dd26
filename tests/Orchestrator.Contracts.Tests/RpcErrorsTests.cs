using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public class RpcErrorsTests
{
    private static readonly ErrorCode s_known = new("job-not-found", ErrorClass.NotFound, "No such job.", "Check its digest.");

    public static TheoryData<ErrorClass, StatusCode> Classes => new()
    {
        { ErrorClass.Internal, StatusCode.Internal },
        { ErrorClass.Input, StatusCode.InvalidArgument },
        { ErrorClass.Integrity, StatusCode.DataLoss },
        { ErrorClass.Refused, StatusCode.PermissionDenied },
        { ErrorClass.NotFound, StatusCode.NotFound },
        { ErrorClass.Conflict, StatusCode.FailedPrecondition },
        { ErrorClass.Unavailable, StatusCode.Unavailable },
        { ErrorClass.JobFailed, StatusCode.Aborted },
        { ErrorClass.Storage, StatusCode.ResourceExhausted },
    };

    [Theory]
    [MemberData(nameof(Classes))]
    public void ToRpc_EveryClass_ComesBackWithItsStatusCodeAndTexts(ErrorClass errorClass, StatusCode status)
    {
        var sent = new OrchestratorException(s_known with { Class = errorClass }, "Job 12 is not here.", "Look again.");

        RpcException rpc = RpcErrors.ToRpc(sent);
        OrchestratorException received = RpcErrors.FromRpc(rpc);

        Assert.Equal(status, rpc.StatusCode);
        Assert.Equal((s_known.Id, errorClass), (received.Code.Id, received.Code.Class));
        Assert.Equal(("Job 12 is not here.", "Look again."), (received.Message, received.Remedy));
    }

    [Fact]
    public void Classes_OfTheTable_AreAllButUsage() =>
        Assert.Equal(Enum.GetValues<ErrorClass>().Where(c => c != ErrorClass.Usage), Classes.Select(row => row.Data.Item1));

    [Fact]
    public void ToRpc_UsageError_ArrivesAsInputError() =>
        Assert.Equal(ErrorClass.Input, RpcErrors.FromRpc(RpcErrors.ToRpc(new OrchestratorException(s_known with { Class = ErrorClass.Usage }, "x"))).Code.Class);

    [Fact]
    public void ToRpc_AuthenticationCode_HasTheStatusUnauthenticatedAndArrivesAsRefusal()
    {
        RpcException rpc = RpcErrors.ToRpc(new OrchestratorException(s_known with { Id = "auth-login-required", Class = ErrorClass.Refused }, "x"));

        Assert.Equal(StatusCode.Unauthenticated, rpc.StatusCode);
        Assert.Equal(ErrorClass.Refused, RpcErrors.FromRpc(rpc).Code.Class);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, "rpc-unavailable")]
    [InlineData(StatusCode.Cancelled, "rpc-unavailable")]
    [InlineData(StatusCode.DeadlineExceeded, "rpc-deadline")]
    [InlineData(StatusCode.ResourceExhausted, "rpc-malformed")]
    [InlineData(StatusCode.Unimplemented, "rpc-rejected")]
    [InlineData(StatusCode.Unauthenticated, "rpc-rejected")]
    [InlineData(StatusCode.Internal, "rpc-internal")]
    [InlineData(StatusCode.Unknown, "rpc-internal")]
    public void FromRpc_WithoutTrailer_HasTheGenericCodeOfTheStatus(StatusCode status, string code) =>
        Assert.Equal(code, RpcErrors.FromRpc(new RpcException(new Status(status, "detail"))).Code.Id);

    [Fact]
    public void FromRpc_OfAConnectionThatBroke_IsUnavailableWhateverTheStatus()
    {
        var broke = new HttpRequestException("The SSL connection could not be established.", new IOException("Received an unexpected EOF."));

        Assert.Equal("rpc-unavailable", RpcErrors.FromRpc(new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", broke))).Code.Id);
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xff, 0xff })]
    [InlineData(new byte[0])]
    public void FromRpc_WithATrailerThatIsNoErrorDetail_HasTheGenericCode(byte[] trailer)
    {
        var trailers = new Metadata { { RpcErrors.TrailerName, trailer } };

        Assert.Equal("rpc-internal", RpcErrors.FromRpc(new RpcException(new Status(StatusCode.Internal, ""), trailers)).Code.Id);
    }

    [Fact]
    public void FromRpc_WithHostileTexts_KeepsTerminalsSafe()
    {
        var detail = new ErrorDetail { Code = "job-not-found", Message = "\u001b[2Jgone\n" + new string('x', 100_000), Remedy = "a\tb" };
        var trailers = new Metadata { { RpcErrors.TrailerName, detail.ToByteArray() } };

        OrchestratorException received = RpcErrors.FromRpc(new RpcException(new Status(StatusCode.NotFound, ""), trailers));

        Assert.DoesNotContain(received.Message, char.IsControl);
        Assert.Equal(RpcErrors.MaximumTextLength, received.Message.Length);
        Assert.Equal("a b", received.Remedy);
    }

    [Theory]
    [InlineData("read\u202eesrever", 100, "read esrever")]
    [InlineData("a\ud83d\ude00", 2, "a")]
    public void Printable_OfTextThatMisleadsOrIsCutWithinACharacter_IsHarmless(string text, int length, string printable) =>
        Assert.Equal(printable, RpcErrors.Printable(text, length));

    [Fact]
    public void Printable_OfALoneSurrogate_CanBeEncoded() => Assert.Equal("a\ufffdb", RpcErrors.Printable("a\ud83db"));

    [Fact]
    public void FromRpc_WithACodeThatIsNoIdentifier_HasTheGenericCode()
    {
        var trailers = new Metadata { { RpcErrors.TrailerName, new ErrorDetail { Code = "\u001b[31mowned" }.ToByteArray() } };

        Assert.Equal("rpc-rejected", RpcErrors.FromRpc(new RpcException(new Status(StatusCode.PermissionDenied, ""), trailers)).Code.Id);
    }

    [Fact]
    public async Task RpcServerErrors_UnexpectedException_LeavesNoDetail()
    {
        var interceptor = new RpcServerErrors(NullLogger<RpcServerErrors>.Instance);

        RpcException rpc = await Assert.ThrowsAsync<RpcException>(() => interceptor.UnaryServerHandler<string, string>(
            "request", new CallContext(), (_, _) => throw new InvalidOperationException("the secret path /home/x")));

        Assert.Equal(StatusCode.Internal, rpc.StatusCode);
        Assert.Equal("rpc-internal", RpcErrors.FromRpc(rpc).Code.Id);
        Assert.DoesNotContain("secret", rpc.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RpcServerErrors_UndecodableMessage_IsAnInputError()
    {
        var interceptor = new RpcServerErrors(NullLogger<RpcServerErrors>.Instance);

        RpcException rpc = await Assert.ThrowsAsync<RpcException>(() => interceptor.UnaryServerHandler<string, string>(
            "request", new CallContext(), (_, _) => Task.FromResult(ErrorDetail.Parser.ParseFrom(new byte[] { 0xff }).Code)));

        Assert.Equal("rpc-malformed", RpcErrors.FromRpc(rpc).Code.Id);
    }

    private sealed class CallContext : ServerCallContext
    {
        protected override string MethodCore => "/orchestrator.test/Call";

        protected override string HostCore => "localhost";

        protected override string PeerCore => "ipv4:127.0.0.1:1";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore { get; } = [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore { get; } = [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore { get; } = new(null, []);

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
