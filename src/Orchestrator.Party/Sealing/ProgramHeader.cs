using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>What the header of a sealed program says of it: <c>{"archive": SHA-256 of the TorchScript archive}</c>, in the field <c>schema</c>.</summary>
/// <remarks>The manifest names the program by this digest, so that the device can tell that it loads what all parties mean.</remarks>
internal static class ProgramHeader
{
    public static StreamHeader Create(string owner, Digest archive) =>
        StreamHeader.Create(StreamKind.Program, owner) with { Schema = CborMap.Of(("archive", archive)).Encode() };

    public static Digest ArchiveDigest(StreamHeader header, string path)
    {
        try
        {
            return CborValue.Decode(header.Schema).As("program").ReadMap(map => map.Required("archive").AsDigest());
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(StreamErrors.HeaderInvalid, $"{path} does not say which program it holds: {e.Message}", inner: e);
        }
    }
}
