using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Programs;

namespace Orchestrator.Training.State;

/// <summary>Names a training by all that decides its bits, but for the records themselves: a state of one is of no use to another.</summary>
internal static class TrainingJob
{
    private const string Type = "orchestrator/training/v1";

    /// <summary>SHA-256 of program, plan, schema and the cut of the streams (docs/spec/training-state.md, "Job").</summary>
    public static byte[] Digest(VerifiedProgram archive, DataSchema schema, JobSchedule schedule) => SHA256.HashData(CborMap.Of(
        ("type", Type),
        ("program", archive.Digest),
        ("plan", schedule.Plan.ToCbor()),
        ("schema", schema.ToCbor()),
        ("streams", new CborArray(schedule.Streams.Select(Describe)))).Encode());

    private static CborValue Describe(JobStream stream) => CborMap.Of(
        ("role", stream.Role == StreamRole.Train ? "train" : "evaluate"),
        ("records", stream.Shape.Records),
        ("records_per_frame", stream.Shape.RecordsPerFrame));
}
