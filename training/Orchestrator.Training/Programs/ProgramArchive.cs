using System.IO.Compression;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Training.Programs;

/// <summary>
/// A program as <c>torch.jit.save</c> writes it: a zip with the pickled root object and the source of every class. It is
/// taken apart without libtorch, and nothing in it is run.
/// </summary>
public sealed class ProgramArchive
{
    /// <summary>Most bytes of an archive: what one array holds.</summary>
    public const int MaxBytes = 1 << 30;

    /// <summary>Most entries of an archive.</summary>
    public const int MaxEntries = 1 << 16;

    /// <summary>Most bytes of source in an archive, unpacked.</summary>
    public const int MaxCodeBytes = 16 << 20;

    private const string CodeFolder = "code/";
    private static ReadOnlySpan<byte> LocalHeader => "PK\u0003\u0004"u8;

    private ProgramArchive(ReadOnlyMemory<byte> bytes, SortedDictionary<string, string> code)
    {
        Bytes = bytes;
        Code = code;
        Operators = ProgramOperators.In(code.Values);
    }

    /// <summary>The archive itself.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Source files by path, in order of path.</summary>
    public IReadOnlyDictionary<string, string> Code { get; }

    /// <summary>Operators that the source names, as it spells them, in ordinal order, each once.</summary>
    public IReadOnlyList<string> Operators { get; }

    /// <summary>Takes an archive apart.</summary>
    /// <exception cref="OrchestratorException"><c>program-not-torchscript</c>, <c>program-no-forward</c>.</exception>
    public static ProgramArchive Parse(ReadOnlyMemory<byte> bytes)
    {
        // libtorch decides by the first bytes, .NET by the last: both must see the same zip.
        if (bytes.Length > MaxBytes || !bytes.Span.StartsWith(LocalHeader))
        {
            throw NotTorchScript(bytes.Length > MaxBytes ? $"is larger than {MaxBytes} bytes" : "does not begin like a zip");
        }

        try
        {
            using var zip = new ZipArchive(new MemoryStream(bytes.ToArray(), writable: false), ZipArchiveMode.Read);
            var entries = EntriesOf(zip);
            var archive = new ProgramArchive(bytes, ReadCode(entries));
            RequireForward(archive.Code, RootClass.In(Read(entries, "data.pkl", RootClass.MaxBytes)));
            return archive;
        }
        catch (InvalidDataException error)
        {
            throw NotTorchScript($"cannot be unpacked ({error.Message})", error);
        }
    }

    internal static OrchestratorException NotTorchScript(string why, Exception? inner = null) =>
        new(TrainingErrors.ProgramNotTorchScript, $"the program is not a TorchScript archive: it {why}", inner: inner);

    /// <summary>Entries by path below the archive's one top folder.</summary>
    private static SortedDictionary<string, ZipArchiveEntry> EntriesOf(ZipArchive zip)
    {
        if (zip.Entries.Count > MaxEntries)
        {
            throw NotTorchScript($"has more than {MaxEntries} entries");
        }

        var entries = new SortedDictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
        var top = zip.Entries.Count == 0 ? string.Empty : zip.Entries[0].FullName.Split('/')[0] + "/";
        foreach (var entry in zip.Entries)
        {
            // Of two entries with one name, libtorch could take the other one.
            if (!entry.FullName.StartsWith(top, StringComparison.Ordinal) || !entries.TryAdd(entry.FullName[top.Length..], entry))
            {
                throw NotTorchScript($"has a stray or repeated entry {entry.FullName}");
            }
        }

        return entries;
    }

    private static SortedDictionary<string, string> ReadCode(SortedDictionary<string, ZipArchiveEntry> entries)
    {
        var code = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var left = MaxCodeBytes;
        foreach (var path in entries.Keys.Where(IsCode))
        {
            var source = Read(entries, path, left);
            left -= source.Length;
            code.Add(path[CodeFolder.Length..], Encoding.UTF8.GetString(source));
        }

        return code.Count > 0 ? code : throw NotTorchScript("holds no code (a state dict is not a program)");
    }

    private static bool IsCode(string path) =>
        path.StartsWith(CodeFolder, StringComparison.Ordinal) && path.EndsWith(".py", StringComparison.Ordinal);

    private static byte[] Read(SortedDictionary<string, ZipArchiveEntry> entries, string path, int limit)
    {
        if (!entries.TryGetValue(path, out var entry))
        {
            throw NotTorchScript($"lacks {path}");
        }

        using var stream = entry.Open();
        var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            if (content.Length + read > limit)
            {
                throw NotTorchScript($"holds more in {path} than {limit} bytes");
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    private static void RequireForward(IReadOnlyDictionary<string, string> code, RootClass root)
    {
        if (!code.TryGetValue(root.SourcePath, out var source) || root.BodyIn(source) is not { } body)
        {
            throw NotTorchScript($"lacks the source of its root class {root.Name}");
        }

        if (!body.Contains("\n  def forward(", StringComparison.Ordinal))
        {
            throw new OrchestratorException(TrainingErrors.ProgramNoForward, $"the program's class {root.Name} has no forward method");
        }
    }
}
