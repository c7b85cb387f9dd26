using System.Reflection;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Errors;
using Orchestrator.Host.Devices;
using Orchestrator.Host.Identity;

namespace Orchestrator.Host.Services;

/// <summary>Registration and login.</summary>
internal sealed class PartiesService(PartyDirectory directory, Challenges challenges, DevicePool devices, HostOptions options) : Parties.PartiesBase
{
    public static string Version { get; } =
        typeof(PartiesService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public override async Task<DescribeReply> Describe(DescribeRequest request, ServerCallContext context)
    {
        var reply = new DescribeReply { Version = Version, MaximumObjectBytes = (ulong)options.MaximumObjectBytes };
        reply.Devices.AddRange(await devices.DescribeAsync(context.CancellationToken));
        return reply;
    }

    public override Task<RegisterReply> Register(RegisterRequest request, ServerCallContext context)
    {
        PartyIdentity identity = request.Identity ?? new PartyIdentity();
        directory.Register(identity.Name, identity.SigningKey.Memory, identity.SealingKey.Memory, request.Proof.Memory);
        return Task.FromResult(new RegisterReply());
    }

    public override Task<ChallengeReply> Challenge(ChallengeRequest request, ServerCallContext context) =>
        Task.FromResult(new ChallengeReply { Challenge = ByteString.CopyFrom(challenges.Issue(request.Party)) });

    public override Task<LoginReply> Login(LoginRequest request, ServerCallContext context)
    {
        (string token, DateTimeOffset expires) = directory.Login(request.Party, request.Challenge.Memory, request.Signature.Memory);
        return Task.FromResult(new LoginReply { Token = token, ExpiresUnixSeconds = expires.ToUnixTimeSeconds() });
    }

    public override Task<PartyIdentity> Find(FindPartyRequest request, ServerCallContext context)
    {
        RegisteredParty party = directory.Find(request.Name);
        return Task.FromResult(new PartyIdentity
        {
            Name = party.Name,
            SigningKey = ByteString.CopyFrom(party.SigningKey.ToArray()),
            SealingKey = ByteString.CopyFrom(party.SealingKey.ToArray()),
        });
    }
}
