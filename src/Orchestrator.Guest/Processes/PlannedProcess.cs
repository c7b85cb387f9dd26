using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Users;

namespace Orchestrator.Guest.Processes;

/// <summary>A process as it is to be started: what was asked for, less what the policy drops.</summary>
internal sealed record PlannedProcess(
    ImmutableArray<string> Command,
    ImmutableArray<string> Environment,
    string WorkingDirectory,
    Account Account,
    string Umask,
    bool NoNewPrivileges,
    CapabilitySets Capabilities);

/// <summary>A mount of a container, ready for the runtime.</summary>
internal sealed record BoundFolder(string Destination, string Source, string Type, ImmutableArray<string> Options);
