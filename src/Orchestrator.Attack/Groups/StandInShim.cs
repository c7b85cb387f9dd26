using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Attestation;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Protocol = Orchestrator.Contracts.Protocol.Groups.Groups;

namespace Orchestrator.Attack.Groups;

/// <summary>A shim over <see cref="StandInGroup"/>, with a hand on everything that passes through it.</summary>
public sealed class StandInShim : IAsyncDisposable
{
    /// <summary>What guests measure here.</summary>
    public static readonly Measurement Measurement = Measurement.Of("a stand-in for a guest agent"u8);

    private readonly ConcurrentDictionary<string, StandInGroup> _groups = new();
    private readonly ConcurrentBag<StandInGroup> _lost = [];
    private TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SimulatedPsp _psp;
    private readonly string _folder;
    private readonly Action<string, string> _containers;
    private WebApplication _application = null!;

    private StandInShim(string folder, Action<string, string> containers)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        _containers = containers;
        _psp = SimulatedPsp.Open(Path.Combine(_folder, "psp"), TimeProvider.System);
    }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The simulated processor's root, for parties to name.</summary>
    public string RootFile => Path.Combine(_psp.Folder, SimulatedPsp.RootFile);

    /// <summary>The root's list of revoked certificates.</summary>
    public string RevocationsFile => Path.Combine(_psp.Folder, SimulatedPsp.RevocationsFile);

    /// <summary>Completes when no group holds keys any more.</summary>
    public Task Idle => _idle.Task;

    /// <summary>What is done to messages, in place of nothing.</summary>
    public StageMischief Mischief { get; set; } = new();

    /// <summary>Starts one on a loopback port.</summary>
    /// <param name="folder">Its state.</param>
    /// <param name="containers">What containers would do: reads the first folder, writes the second.</param>
    public static async Task<StandInShim> StartAsync(string folder, Action<string, string> containers)
    {
        var shim = new StandInShim(folder, containers);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = 8 << 20;
            grpc.Interceptors.Add<RpcServerErrors>();
        });
        builder.Services.AddSingleton(shim);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        shim._application = builder.Build();
        shim._application.MapGrpcService<Service>();
        await shim._application.StartAsync();
        shim.Address = new Uri(shim._application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        return shim;
    }

    /// <summary>Forgets every group, as a machine that loses power: nobody finds one any more.</summary>
    public void LoseGroups()
    {
        foreach ((string name, StandInGroup group) in _groups.ToArray())
        {
            _groups.TryRemove(name, out _);
            _lost.Add(group);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        LoseGroups();
        foreach (StandInGroup group in _lost)
        {
            group.Dispose();
        }

        _psp.Dispose();
    }

    private StandInGroup Find(string name) => _groups.TryGetValue(name, out StandInGroup? group)
        ? group
        : throw new OrchestratorException(StageErrors.GroupUnknown, "There is no such group.");

    private void End(string name)
    {
        if (_groups.TryRemove(name, out StandInGroup? group))
        {
            group.Dispose();
        }

        if (_groups.IsEmpty)
        {
            _idle.TrySetResult();
        }
    }

    private sealed class Service(StandInShim shim) : Protocol.GroupsBase
    {
        public override Task<LaunchReply> Launch(LaunchRequest request, ServerCallContext context)
        {
            (string name, StandInGroup group) = Start(request);
            byte[] evidence = shim.Mischief.ShowsAnotherGroup ? Start(request).Group.Evidence : group.Evidence;
            return Task.FromResult(new LaunchReply { Group = name, Evidence = shim.Mischief.OnEvidence(ByteString.CopyFrom(evidence)) });
        }

        public override Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context)
        {
            ReleaseRequest altered = shim.Mischief.OnRelease(request);
            shim.Find(request.Group).Stage.Release(altered.Party, altered.SealedPackage.Memory);
            return Task.FromResult(new ReleaseReply());
        }

        public override async Task Prepare(IAsyncStreamReader<PrepareRequest> requestStream, IServerStreamWriter<PrepareReply> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken);
            StandInGroup group = shim.Find(requestStream.Current.Group);
            foreach ((string name, byte[] sealedFile) in shim.Mischief.OnInputs(await ReadAsync(requestStream, context.CancellationToken)))
            {
                group.Stage.ReadInput(name, new MemoryStream(sealedFile));
            }

            shim._containers(group.Inputs, group.Outputs);
            (byte[] statement, IReadOnlyList<PreparedStream> outputs) = group.Stage.Finish();
            await responseStream.WriteAsync(new PrepareReply { Statement = shim.Mischief.OnStatement(ByteString.CopyFrom(statement)) });
            foreach (PreparedStream output in outputs)
            {
                using var bytes = new MemoryStream();
                await using (Stream stream = group.Stage.OpenOutput(output.Stream))
                {
                    await stream.CopyToAsync(bytes, context.CancellationToken);
                }

                var piece = new PreparedPiece { Stream = (uint)output.Stream, Data = shim.Mischief.OnOutput(ByteString.CopyFrom(bytes.ToArray())), Last = true };
                await responseStream.WriteAsync(new PrepareReply { Piece = piece });
            }
        }

        public override Task<NonceReply> Nonce(NonceRequest request, ServerCallContext context) =>
            Task.FromResult(new NonceReply { Nonce = ByteString.CopyFrom(shim.Find(request.Group).Stage.Nonce()) });

        public override Task<OfferReply> Offer(OfferRequest request, ServerCallContext context)
        {
            (byte[]? package, IReadOnlyList<Attestation.Policies.Denial> denials) = shim.Find(request.Group).Stage.Offer(shim.Mischief.OnOffer(request.Evidence).Memory);
            var reply = new OfferReply { SealedPackage = ByteString.CopyFrom(package ?? []) };
            reply.Denials.AddRange(denials.Select(denial => new Denial
            {
                Code = denial.Code,
                Claim = denial.Claim,
                Expected = denial.Expected,
                Observed = denial.Observed,
                PolicyOf = denial.PolicyOf,
                Remedy = denial.Remedy,
            }));
            return Task.FromResult(reply);
        }

        public override Task<EndReply> End(EndRequest request, ServerCallContext context)
        {
            shim.End(request.Group);
            return Task.FromResult(new EndReply());
        }

        private (string Name, StandInGroup Group) Start(LaunchRequest request)
        {
            string name = RandomNumberGenerator.GetHexString(16, lowercase: true);
            var group = new StandInGroup(shim._psp, shim.Mischief.Measurement ?? Measurement, shim.Mischief.Policy, request, Path.Combine(shim._folder, name));
            shim._groups[name] = group;
            shim._idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (name, group);
        }

        private static async Task<List<(string Name, byte[] Sealed)>> ReadAsync(IAsyncStreamReader<PrepareRequest> requests, CancellationToken cancellation)
        {
            var inputs = new List<(string, byte[])>();
            using var bytes = new MemoryStream();
            while (await requests.MoveNext(cancellation))
            {
                if (requests.Current.Data.IsEmpty)
                {
                    inputs.Add((requests.Current.Input, bytes.ToArray()));
                    bytes.SetLength(0);
                }
                else
                {
                    bytes.Write(requests.Current.Data.Span);
                }
            }

            return inputs;
        }
    }
}
