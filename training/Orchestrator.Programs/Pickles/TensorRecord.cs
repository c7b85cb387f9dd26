namespace Orchestrator.Programs.Pickles;

/// <summary>A record of numbers; its length is that of its elements.</summary>
/// <param name="Key">Its record's name.</param>
/// <param name="Element">Element type.</param>
/// <param name="Length">Elements.</param>
internal sealed record TensorStorage(string Key, TensorElement Element, long Length);

/// <summary>A tensor within a storage. Every element lies inside.</summary>
/// <param name="Element">Element type.</param>
/// <param name="Shape">Lengths of its dimensions.</param>
/// <param name="RequiresGradient">Whether it is trained, if it is a parameter.</param>
internal sealed record TensorRecord(TensorElement Element, IReadOnlyList<long> Shape, bool RequiresGradient)
{
    /// <summary>Checks a tensor against its storage.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? Misfit(TensorStorage storage, long offset, IReadOnlyList<long> shape, IReadOnlyList<long> strides)
    {
        if (shape.Count != strides.Count || shape.Count > ProgramLimits.MaxDimensions)
        {
            return "has other dimensions than strides, or too many";
        }

        if (offset < 0 || shape.Any(extent => extent < 0) || strides.Any(stride => stride < 0))
        {
            return "has a negative offset, size or stride";
        }

        // 128 bits hold the sum of 64 products of 64-bit numbers only if each is bounded first.
        Int128 last = offset;
        Int128 elements = 1;
        foreach (var (extent, stride) in shape.Zip(strides))
        {
            elements *= extent;
            last += (Int128)Math.Max(extent - 1, 0) * stride;
            if (elements * storage.Element.Size > ProgramLimits.MaxArchiveBytes || last > ProgramLimits.MaxArchiveBytes)
            {
                return "has more elements than a program may have";
            }
        }

        var fits = elements == 0 ? offset <= storage.Length : last < storage.Length;
        return fits ? null : $"reads element {last} of a storage of {storage.Length}";
    }
}
