using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Attestation.Snp;

/// <summary>Versions of a processor's firmware: eight bytes whose order the product line gives.</summary>
/// <param name="Raw">As the report has it, little endian: byte 0 is the lowest.</param>
/// <param name="Product">Gives the bytes their names.</param>
public readonly record struct SnpTcb(ulong Raw, SnpProduct Product)
{
    /// <summary>Version number by component, in the product's order.</summary>
    public ImmutableSortedDictionary<string, byte> Components
    {
        get
        {
            ulong raw = Raw;
            return Product.TcbBytes.ToImmutableSortedDictionary(part => part.Key, part => (byte)((raw >> (8 * part.Value)) & 0xFF), StringComparer.Ordinal);
        }
    }

    /// <summary>Whether every component is at least the one of <paramref name="floor"/>.</summary>
    public bool IsAtLeast(SnpTcb floor)
    {
        ImmutableSortedDictionary<string, byte> mine = Components;
        return floor.Components.All(part => mine.TryGetValue(part.Key, out byte version) && version >= part.Value);
    }

    /// <summary>All components by name.</summary>
    public override string ToString() =>
        string.Join(", ", Components.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Value}")));
}
