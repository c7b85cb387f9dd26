using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Attestation.Certificates;

/// <summary>
/// The DiceTcbInfo extension (TCG, DICE Attestation Architecture, section 6.1.1): what a layer of firmware was when its
/// key was made. Of the standard's optional fields, this profile has exactly svn, layer, fwids and flags.
/// </summary>
/// <param name="SecurityVersion">Security version number of the layer, 0 to 2^31 - 1.</param>
/// <param name="Layer">0 for the DeviceID, 1 for the alias.</param>
/// <param name="Fwids">SHA-384 of each firmware image of the layer, at most <see cref="MaxFwids"/>.</param>
/// <param name="Debug">Whether the layer ran with debugging enabled.</param>
public sealed record TcbInfo(int SecurityVersion, int Layer, ImmutableArray<Measurement> Fwids, bool Debug)
{
    /// <summary>tcg-dice-TcbInfo.</summary>
    public const string Oid = "2.23.133.5.4.1";

    /// <summary>Most firmware images that a layer may list.</summary>
    public const int MaxFwids = 8;

    private const string Sha384Oid = "2.16.840.1.101.3.4.2.2";

    private static readonly Asn1Tag SvnTag = new(TagClass.ContextSpecific, 3);
    private static readonly Asn1Tag LayerTag = new(TagClass.ContextSpecific, 4);
    private static readonly Asn1Tag FwidsTag = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag FlagsTag = new(TagClass.ContextSpecific, 7);

    // OperationalFlags ::= BIT STRING { notConfigured(0), notSecure(1), recovery(2), debug(3) }; NamedBitList counts from the lowest bit.
    [Flags]
    private enum OperationalFlags
    {
        None = 0,
        Debug = 1 << 3,
    }

    /// <summary>The extension, not critical, so that verifiers that do not know it can still check the chain.</summary>
    public X509Extension ToExtension() => new(Oid, Encode(), critical: false);

    /// <summary>The extension's value in DER.</summary>
    public byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(SecurityVersion, SvnTag);
            writer.WriteInteger(Layer, LayerTag);
            using (writer.PushSequence(FwidsTag))
            {
                foreach (Measurement fwid in Fwids)
                {
                    using AsnWriter.Scope scope = writer.PushSequence();
                    writer.WriteObjectIdentifier(Sha384Oid);
                    writer.WriteOctetString(fwid.ToArray());
                }
            }

            writer.WriteNamedBitList(Debug ? OperationalFlags.Debug : OperationalFlags.None, FlagsTag);
        }

        return writer.Encode();
    }

    /// <summary>Reads the extension's value.</summary>
    /// <exception cref="AsnContentException">Anything but the DER encoding of this profile.</exception>
    public static TcbInfo Decode(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader reader = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var info = new TcbInfo(
            ReadNumber(reader, SvnTag),
            ReadNumber(reader, LayerTag),
            ReadFwids(reader.ReadSequence(FwidsTag)),
            reader.ReadNamedBitListValue<OperationalFlags>(FlagsTag) switch
            {
                OperationalFlags.None => false,
                OperationalFlags.Debug => true,
                _ => throw new AsnContentException("The operational flags have a bit that this profile does not use."),
            });
        reader.ThrowIfNotEmpty();
        return info;
    }

    /// <inheritdoc/>
    public bool Equals(TcbInfo? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SecurityVersion, Layer, Debug, Fwids.Length);

    private static int ReadNumber(AsnReader reader, Asn1Tag tag) => reader.TryReadInt32(out int value, tag) && value >= 0
        ? value
        : throw new AsnContentException("A number is negative or too large.");

    private static ImmutableArray<Measurement> ReadFwids(AsnReader list)
    {
        var fwids = ImmutableArray.CreateBuilder<Measurement>();
        while (list.HasData)
        {
            AsnReader fwid = list.ReadSequence();
            string algorithm = fwid.ReadObjectIdentifier();
            byte[] digest = fwid.ReadOctetString();
            fwid.ThrowIfNotEmpty();
            if (algorithm != Sha384Oid || digest.Length != Measurement.Size || fwids.Count == MaxFwids)
            {
                throw new AsnContentException("A firmware identifier is not a SHA-384 digest, or there are too many.");
            }

            fwids.Add(new Measurement(digest));
        }

        return fwids.ToImmutable();
    }
}
