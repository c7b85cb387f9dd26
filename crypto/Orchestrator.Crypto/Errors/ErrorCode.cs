namespace Orchestrator.Errors;

/// <summary>A stable name for one way to fail, the same in messages, exit codes and documentation.</summary>
/// <param name="Id">Lower-case words joined by hyphens, the first naming the area, e.g. <c>cbor-not-canonical</c>. Never reused for another meaning.</param>
/// <param name="Class">The kind of failure, which gives the exit code.</param>
/// <param name="Meaning">What happened, in one sentence.</param>
/// <param name="Remedy">What its reader can do about it, in one sentence.</param>
public sealed record ErrorCode(string Id, ErrorClass Class, string Meaning, string Remedy)
{
    /// <summary>The <see cref="Id"/>.</summary>
    public override string ToString() => Id;
}
