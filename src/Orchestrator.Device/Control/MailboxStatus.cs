using System.Collections.Immutable;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Errors;

namespace Orchestrator.Device.Control;

/// <summary>What the mailbox tells about the device at one moment.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="BootCounter">How often it has booted.</param>
/// <param name="Ueid">As in its quotes.</param>
/// <param name="Certificates">Alias, DeviceID, DCK, in DER.</param>
/// <param name="Staged">Parties whose key packages are in.</param>
/// <param name="Exception">Why it is in exception; <see langword="null"/> in every other state.</param>
public sealed record MailboxStatus(
    DeviceState State, long BootCounter, ReadOnlyMemory<byte> Ueid, IReadOnlyList<ReadOnlyMemory<byte>> Certificates, ImmutableArray<string> Staged, OrchestratorException? Exception);
