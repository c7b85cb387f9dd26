using System.Collections.Immutable;
using Orchestrator.Crypto;

namespace Orchestrator.Attestation.Policies;

/// <summary>What a quote must say to be about this job, this party and this moment; from the manifest that the party approved.</summary>
public sealed record QuoteExpectations
{
    /// <summary>SHA-256 of the approved manifest.</summary>
    public required Digest Manifest { get; init; }

    /// <summary>The firmware that the manifest accepts; an empty list accepts none.</summary>
    public required IReadOnlyList<FirmwareMeasurements> Firmware { get; init; }

    /// <summary>The least security version that the manifest accepts.</summary>
    public required int MinimumSecurityVersion { get; init; }

    /// <summary>The nonce that this party gave for this quote, 32 bytes, used once.</summary>
    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>The statements of the stages whose groups this party has accepted, by stage; a quote must name exactly these.</summary>
    public ImmutableSortedDictionary<string, Digest> Preparations { get; init; } = ImmutableSortedDictionary<string, Digest>.Empty;

    /// <summary>The latest boot of the quoted device that this party has released keys to, for whatever job; 0: none.</summary>
    public long LatestBoot { get; init; }

    /// <summary>The session that this party released to last; <see langword="null"/>: to none, so that there can be no checkpoint either.</summary>
    public EarlierSession? Earlier { get; init; }
}
