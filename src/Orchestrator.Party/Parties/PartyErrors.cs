using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Ways to fail on a party's side, outside its key store, its files' formats and its connection.</summary>
public static class PartyErrors
{
    /// <summary>Not a public identity, or with a slip in it.</summary>
    public static readonly ErrorCode IdentityInvalid = new("identity-invalid", ErrorClass.Input, "The text is not a party's public identity, or was changed in copying.", "Copy the whole line again that the party's `party init` printed.");

    /// <summary>A name that no party can have.</summary>
    public static readonly ErrorCode NameInvalid = new("identity-name-invalid", ErrorClass.Usage, "A party's name is 1 to 64 of a-z, 0-9, hyphen, underscore and dot, and begins with a letter or digit.", "Choose such a name.");

    /// <summary>Not a stream card, or with a slip in it.</summary>
    public static readonly ErrorCode CardInvalid = new("card-invalid", ErrorClass.Input, "The text is not the card of a sealed stream, or was changed in copying.", "Copy the whole line again that `data seal` or `program seal` printed.");

    /// <summary>Sealing onto itself.</summary>
    public static readonly ErrorCode SameFile = new("seal-same-file", ErrorClass.Usage, "A file cannot be sealed onto itself.", "Name another file for the sealed one.");

    /// <summary>The program runner is not installed.</summary>
    public static readonly ErrorCode TilesMissing = new("party-tiles-missing", ErrorClass.NotFound, "The program Orchestrator.Tiles, which runs foreign programs, cannot be started.", "Build the project again with `make build`; all its programs land in one folder.");

    /// <summary>A program of this installation that should serve does not.</summary>
    public static readonly ErrorCode ServiceNotStarted = new("party-service-not-started", ErrorClass.Unavailable, "A program of this installation was started and does not serve, or cannot be started.", "Read its log; build the project again with `make build` if programs are missing.");
}
