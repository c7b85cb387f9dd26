using System.Net;

namespace Orchestrator.Host;

/// <summary>What an operator decides about a host.</summary>
public sealed record HostOptions
{
    /// <summary>The folder of the host's state; made if it is missing.</summary>
    public required string State { get; init; }

    /// <summary>Address and port to serve on; port 0 takes any that is free.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The devices, as <c>http://</c> addresses (gRPC over HTTP/2 without TLS: everything secret in it is sealed).</summary>
    public IReadOnlyList<Uri> Devices { get; init; } = [];

    /// <summary>The shim that runs container groups for prepare stages, as an <c>http://</c> address; none if absent.</summary>
    public Uri? Shim { get; init; }

    /// <summary>Whether frames go by gRPC also to a device on this machine, which could read them from memory that it shares with the host.</summary>
    public bool FramesByGrpc { get; init; }

    /// <summary>A file to write the host's address into once it serves; none if absent.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>The largest object, in bytes.</summary>
    public long MaximumObjectBytes { get; init; } = 64L << 30;

    /// <summary>What one party's objects and uploads may take together, in bytes.</summary>
    public long QuotaBytes { get; init; } = 256L << 30;

    /// <summary>Jobs that one party may have proposed that have not ended.</summary>
    public int MaximumOpenJobs { get; init; } = 64;

    /// <summary>What the manifests that one party proposed may take together, in bytes, ended jobs included.</summary>
    public long ManifestQuotaBytes { get; init; } = 256L << 20;

    /// <summary>How long a queued job waits for a device and for its parties' agents before it fails.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an agent may take to answer with a nonce, or with a key package, before the attempt is given up.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromMinutes(2);
}
