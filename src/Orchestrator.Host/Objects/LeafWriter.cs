using System.Collections.ObjectModel;
using Orchestrator.Crypto;

namespace Orchestrator.Host.Objects;

/// <summary>Puts the leaf hashes of a stream into a file as they come, 32 bytes each: prologue, frame 0, frame 1, ... It keeps none in memory.</summary>
internal sealed class LeafWriter(FileStream file) : Collection<Digest>
{
    private readonly byte[] _pending = new byte[128 * Digest.Size];
    private int _count;

    public void Flush()
    {
        file.Write(_pending.AsSpan(0, _count));
        _count = 0;
    }

    protected override void InsertItem(int index, Digest item)
    {
        if (_count == _pending.Length)
        {
            Flush();
        }

        item.CopyTo(_pending.AsSpan(_count));
        _count += Digest.Size;
    }
}
