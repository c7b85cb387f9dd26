using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Attestation.Quotes;

/// <summary>
/// The measurements claim of a quote (RFC 9711, section 4.2.16): one CoSWID evidence tag (RFC 9393) with a file entry of each
/// measured part. Exactly one encoding stands for given measurements; byte table in <c>docs/spec/quote.md</c>.
/// </summary>
internal static class SoftwareMeasurements
{
    /// <summary>CoAP Content-Format <c>application/swid+cbor</c>.</summary>
    private const int CoswidFormat = 258;

    /// <summary>SHA-384 in the Named Information registry (RFC 6920).</summary>
    private const int Sha384 = 7;

    private const int MaxTagBytes = 1024;
    private const int TagCreator = 1;
    private const string TagId = "orchestrator/firmware";
    private const string Creator = "Orchestrator";

    private static readonly ImmutableArray<string> Parts = ["bootloader", "ccu", "icu", "tiles"];

    /// <summary>The claim's value.</summary>
    public static CborValue Encode(FirmwareMeasurements firmware, Measurement bootloader) =>
        new CborArray(new CborArray(CoswidFormat, Tag([bootloader, firmware.Ccu, firmware.Icu, firmware.Tiles]).Encode()));

    /// <summary>Reads what <see cref="Encode"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static (FirmwareMeasurements Firmware, Measurement Bootloader) Decode(CborField field)
    {
        if (field.AsArray() is not [var single] || single.AsArray() is not [var format, var tag])
        {
            throw field.OutOfRange("is not one content format with one tag");
        }

        format.AsInt32(CoswidFormat, CoswidFormat);
        CborField coswid = CborValue.Decode(tag.AsBytes(MaxTagBytes)).As(tag.Path);
        ImmutableArray<Measurement> measured = coswid.ReadMap(ReadTag);

        // What a tag says beside the measurements is fixed: anything else would be a second spelling.
        return coswid.Value.Equals(Tag(measured))
            ? (new FirmwareMeasurements(measured[1], measured[2], measured[3]), measured[0])
            : throw coswid.OutOfRange("is not the tag of the profile");
    }

    private static CborMap Tag(IEnumerable<Measurement> measured) => new(
        (Coswid.TagId, TagId),
        (Coswid.SoftwareName, TagId),
        (Coswid.TagVersion, 0),
        (Coswid.Entity, new CborMap((Coswid.EntityName, Creator), (Coswid.Role, TagCreator))),
        (Coswid.Evidence, new CborMap((Coswid.File, new CborArray(Parts.Zip(measured, FileEntry))))));

    private static CborValue FileEntry(string part, Measurement measurement) =>
        new CborMap((Coswid.FsName, part), (Coswid.Hash, new CborArray(Sha384, measurement.ToArray())));

    private static ImmutableArray<Measurement> ReadTag(CborMapReader map)
    {
        map.Required(Coswid.TagId, "tag-id");
        map.Required(Coswid.SoftwareName, "software-name");
        map.Required(Coswid.TagVersion, "tag-version");
        map.Required(Coswid.Entity, "entity");
        ImmutableArray<CborField> files = map.Required(Coswid.Evidence, "evidence").ReadMap(evidence => evidence.Required(Coswid.File, "file").AsArray(Parts.Length));
        return files.Length == Parts.Length
            ? [.. files.Select(file => file.ReadMap(ReadMeasurement))]
            : throw map.Required(Coswid.Evidence, "evidence").OutOfRange($"has {files.Length} files, not {Parts.Length}");
    }

    private static Measurement ReadMeasurement(CborMapReader file)
    {
        file.Required(Coswid.FsName, "fs-name");
        CborField hash = file.Required(Coswid.Hash, "hash");
        return hash.AsArray() is [_, var digest]
            ? new Measurement(digest.AsFixedBytes(Measurement.Size).Span)
            : throw hash.OutOfRange("is not an algorithm with a digest");
    }

    /// <summary>Numbers of RFC 9393, section 2.</summary>
    private static class Coswid
    {
        public const long TagId = 0;
        public const long SoftwareName = 1;
        public const long Entity = 2;
        public const long Evidence = 3;
        public const long Hash = 7;
        public const long TagVersion = 12;
        public const long File = 17;
        public const long FsName = 24;
        public const long EntityName = 31;
        public const long Role = 33;
    }
}
