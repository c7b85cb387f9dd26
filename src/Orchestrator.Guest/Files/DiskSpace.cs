namespace Orchestrator.Guest.Files;

/// <summary>Which part of a disk is whose: the first gap that is large enough.</summary>
internal sealed class DiskSpace
{
    private readonly SortedList<long, (long Length, string Owner)> _taken = [];

    /// <summary>Takes a part.</summary>
    /// <param name="owner">Has no part yet.</param>
    /// <param name="length">In sectors.</param>
    /// <param name="end">Sectors of the disk.</param>
    /// <returns>Its first sector.</returns>
    /// <exception cref="IOException">There is no room.</exception>
    public long Take(string owner, long length, long end)
    {
        long start = 0;
        foreach ((long taken, (long takenLength, _)) in _taken)
        {
            if (taken - start >= length)
            {
                break;
            }

            start = taken + takenLength;
        }

        if (end - start < length)
        {
            throw new IOException($"The disk for scratch has no {length} sectors left.");
        }

        _taken.Add(start, (length, owner));
        return start;
    }

    /// <summary>Gives back what an owner has, if it has anything.</summary>
    public void Free(string owner)
    {
        for (int i = _taken.Count - 1; i >= 0; i--)
        {
            if (_taken.Values[i].Owner == owner)
            {
                _taken.RemoveAt(i);
            }
        }
    }
}
