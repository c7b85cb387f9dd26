using Google.Protobuf;
using Orchestrator.Crypto;
using Wire = Orchestrator.Contracts.Protocol;

namespace Orchestrator.Host.Stages;

/// <summary>A stage that was run, whose group waits for the device.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="Group">What the shim calls the group.</param>
/// <param name="Preparation">Evidence and statement.</param>
/// <param name="Streams">The objects that it made, by stream.</param>
internal sealed record PreparedStage(string Stage, string Group, Wire.Preparation Preparation, IReadOnlyDictionary<int, Digest> Streams);
