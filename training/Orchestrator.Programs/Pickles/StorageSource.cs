using Orchestrator.Programs.Archives;

namespace Orchestrator.Programs.Pickles;

/// <summary>Where a pickle's storages are.</summary>
internal interface IStorageSource
{
    /// <summary>Checks what a pickle says of a storage.</summary>
    /// <returns>What is wrong, or null.</returns>
    string? Misfit(TensorStorage storage);
}

/// <summary>The records of a folder, each of which has one element type.</summary>
internal sealed class StorageSource(ProgramRecords records, string folder) : IStorageSource
{
    private readonly Dictionary<string, TensorStorage> _seen = [];

    public string? Misfit(TensorStorage storage)
    {
        if (_seen.TryGetValue(storage.Key, out var before))
        {
            return before == storage ? null : "is said to have two types or lengths";
        }

        _seen.Add(storage.Key, storage);
        var path = folder + storage.Key;
        var length = records.LengthOf(path) ?? 0;

        // libtorch takes the pickle's word for the length.
        return storage.Length < 0 || storage.Length > ProgramLimits.MaxArchiveBytes || storage.Length * storage.Element.Size != length
            ? $"should have {storage.Length} elements of {storage.Element.Size} bytes; its record has {length} bytes"
            : storage.Element == TensorElement.Bool && length > 0 && records[path].Span.ContainsAnyExcept((byte)0, (byte)1)
                ? "has a truth value that is neither 0 nor 1"
                : null;
    }
}
