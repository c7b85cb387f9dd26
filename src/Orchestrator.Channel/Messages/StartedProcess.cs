using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Channel.Messages;

/// <summary>A process that the guest has started.</summary>
/// <param name="Process">Names it in further requests.</param>
/// <param name="Environment">The variables that it got: what was asked for, less what the policy drops.</param>
/// <param name="AllowsStdio">Whether the host gets its standard streams; otherwise they lead nowhere.</param>
public sealed record StartedProcess(long Process, ImmutableArray<string> Environment, bool AllowsStdio)
{
    /// <summary>A map, see the specification.</summary>
    public CborMap ToCbor() => CborMap.Of(("process", Process), ("environment", MessageFields.Texts(Environment)), ("stdio", AllowsStdio));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static StartedProcess FromCbor(CborField field) => field.ReadMap(map =>
        new StartedProcess(map.Required("process").AsInt64(min: 1), map.Required("environment").AsTexts(), map.Required("stdio").AsBool()));
}
