using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Attestation.X509;

namespace Orchestrator.Attestation.Snp;

/// <summary>A line of processors: what differs between them is data (<c>products.json</c>), not code.</summary>
public sealed class SnpProduct
{
    private static readonly JsonSerializerOptions s_options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private SnpProduct(Entry entry, SignedCertificate root)
    {
        Name = entry.Name;
        TcbBytes = entry.Tcb;
        ChipIdBytes = entry.ChipIdBytes;
        Root = root;
    }

    /// <summary>The product lines whose roots are built in.</summary>
    public static ImmutableArray<SnpProduct> All { get; } = Load();

    /// <summary>As certificates name it, e.g. <c>Milan</c>.</summary>
    public string Name { get; }

    /// <summary>Index of each firmware component's byte in a TCB.</summary>
    public ImmutableDictionary<string, int> TcbBytes { get; }

    /// <summary>Leading bytes of the chip ID that the chip's certificate holds.</summary>
    public int ChipIdBytes { get; }

    /// <summary>The line's root key (ARK), self-signed.</summary>
    public SignedCertificate Root { get; }

    /// <summary>The same line under another root: for simulated processors, whose root a party has to name.</summary>
    public SnpProduct WithRoot(SignedCertificate root) => new(new Entry(Name, "", TcbBytes, ChipIdBytes), root);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static ImmutableArray<SnpProduct> Load() =>
    [
        .. JsonSerializer.Deserialize<Entry[]>(Resource("products.json"), s_options)!
            .Select(entry => new SnpProduct(entry, SignedCertificate.ParsePem(Resource($"roots/{entry.Root}")).Single())),
    ];

    private static string Resource(string name)
    {
        using Stream stream = typeof(SnpProduct).Assembly.GetManifestResourceStream($"snp/{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed record Entry(string Name, string Root, ImmutableDictionary<string, int> Tcb, int ChipIdBytes);
}
