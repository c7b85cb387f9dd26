using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

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
        IsSimulated = entry.Simulated;
        CpuFamily = entry.CpuFamily;
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

    /// <summary>Whether its processors are software: anybody can make one, so a party has to name their root.</summary>
    public bool IsSimulated { get; }

    /// <summary>CPUID family of its processors, as reports from version 3 on name it; null: the line has none of its own.</summary>
    public int? CpuFamily { get; }

    /// <summary>The line's root key (ARK), self-signed.</summary>
    public SignedCertificate Root { get; }

    /// <summary>The line that a root names in its common name (<c>ARK-Milan</c>), under that root: for roots that a party trusts of its own accord.</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.ChainInvalid"/>: it names no known line.</exception>
    public static SnpProduct Under(SignedCertificate root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return Entries().FirstOrDefault(entry => root.CommonName == $"ARK-{entry.Name}") is { } entry
            ? new SnpProduct(entry, root)
            : throw new OrchestratorException(SnpErrors.ChainInvalid, $"The root {root.CommonName} is of no known product line.");
    }

    /// <summary>The line whose TCB layout a report uses, going by what it says of its processor: to show it, not to trust it.</summary>
    public static SnpProduct LikelyOf(SnpReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return All.FirstOrDefault(line => report.Processor is { } processor && line.CpuFamily == processor.Family) ?? All[0];
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static ImmutableArray<SnpProduct> Load() =>
        [.. Entries().Where(entry => !entry.Simulated).Select(entry => new SnpProduct(entry, SignedCertificate.ParsePem(Resource($"roots/{entry.Root}")).Single()))];

    private static Entry[] Entries() => JsonSerializer.Deserialize<Entry[]>(Resource("products.json"), s_options)!;

    private static string Resource(string name)
    {
        using Stream stream = typeof(SnpProduct).Assembly.GetManifestResourceStream($"snp/{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed record Entry(string Name, string Root, ImmutableDictionary<string, int> Tcb, int ChipIdBytes, int? CpuFamily = null, bool Simulated = false);
}
