using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Contracts.Transfers;

/// <summary>
/// The memory that a device and a host on the same machine share: slots, into each of which the host writes the frame that the device asked
/// for there (docs/spec/device.md). Each side takes what the other wrote for what it is, the word of someone who may be writing still.
/// </summary>
public sealed class DmaRegion : IDisposable
{
    /// <summary>Slots that there can be at most.</summary>
    public const int MaxSlots = 31;

    private const int SlotsOffset = 8;
    private const int SlotSizeOffset = 12;
    private const int FirstDescriptor = 64;
    private const int DescriptorSize = 128;
    private const int AnswerOffset = 64;

    private readonly SharedMemory _memory;

    private DmaRegion(SafeFileHandle file, SharedMemory memory, int slots, int slotSize)
    {
        File = file;
        _memory = memory;
        Slots = slots;
        SlotSize = slotSize;
    }

    /// <summary>The descriptor.</summary>
    public SafeFileHandle File { get; }

    /// <summary>How many slots there are.</summary>
    public int Slots { get; }

    /// <summary>Bytes of a slot.</summary>
    public int SlotSize { get; }

    private static ReadOnlySpan<byte> Magic => "ORCHDMA1"u8;

    /// <summary>Makes a region.</summary>
    /// <param name="slots">1 to <see cref="MaxSlots"/>.</param>
    /// <param name="largestFrame">Bytes of the largest sealed frame.</param>
    public static DmaRegion Create(int slots, int largestFrame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(slots - 1), (uint)(MaxSlots - 1));
        int slotSize = (largestFrame + SharedMemory.PageSize - 1) / SharedMemory.PageSize * SharedMemory.PageSize;
        SafeFileHandle file = SharedMemory.CreateFile(SizeOf(slots, slotSize));
        var memory = SharedMemory.Map(file, 0, SizeOf(slots, slotSize));
        Magic.CopyTo(memory.GetSpan());
        memory.Word(SlotsOffset) = slots;
        memory.Word(SlotSizeOffset) = slotSize;
        return new DmaRegion(file, memory, slots, slotSize);
    }

    /// <summary>Opens a region that was passed on; owns the descriptor from now on.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public static DmaRegion Open(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var head = SharedMemory.Map(file, 0, SharedMemory.PageSize);
        int slots = head.Word(SlotsOffset);
        int slotSize = head.Word(SlotSizeOffset);
        bool isOne = head.GetSpan()[..Magic.Length].SequenceEqual(Magic)
            && slots is >= 1 and <= MaxSlots && slotSize is > 0 and <= (1 << 25) && slotSize % SharedMemory.PageSize == 0;
        return isOne
            ? new DmaRegion(file, SharedMemory.Map(file, 0, SizeOf(slots, slotSize)), slots, slotSize)
            : throw new IOException("The shared memory is no DMA region.");
    }

    /// <summary>A slot's bytes.</summary>
    public Memory<byte> Frame(int slot) => _memory.Memory.Slice(SharedMemory.PageSize + (Checked(slot) * SlotSize), SlotSize);

    /// <summary>The device asks for a frame; the number distinguishes the requests of a slot.</summary>
    public void Ask(int slot, int number, uint stream, ulong index)
    {
        int at = Descriptor(slot);
        _memory.Word(at + 4) = unchecked((int)stream);
        _memory.Word(at + 8) = unchecked((int)index);
        _memory.Word(at + 12) = unchecked((int)(index >> 32));
        Volatile.Write(ref _memory.Word(at), number);
    }

    /// <summary>What the device asks for in a slot.</summary>
    public (int Number, uint Stream, ulong Index) Asked(int slot)
    {
        int at = Descriptor(slot);
        int number = Volatile.Read(ref _memory.Word(at));
        ulong low = unchecked((uint)_memory.Word(at + 8));
        ulong high = unchecked((uint)_memory.Word(at + 12));
        return (number, unchecked((uint)_memory.Word(at + 4)), low | (high << 32));
    }

    /// <summary>The host has filled a slot, with <paramref name="length"/> bytes; -1 if it has not got the frame.</summary>
    public void Answer(int slot, int number, int length)
    {
        int at = Descriptor(slot) + AnswerOffset;
        _memory.Word(at + 4) = length;
        Volatile.Write(ref _memory.Word(at), number);
    }

    /// <summary>What the host answered, each word read once; the length may be anything.</summary>
    public (int Number, int Length) Answered(int slot)
    {
        int at = Descriptor(slot) + AnswerOffset;
        int number = Volatile.Read(ref _memory.Word(at));
        return (number, Volatile.Read(ref _memory.Word(at + 4)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ((IDisposable)_memory).Dispose();
        File.Dispose();
    }

    private static int SizeOf(int slots, int slotSize) => SharedMemory.PageSize + (slots * slotSize);

    private int Descriptor(int slot) => FirstDescriptor + (Checked(slot) * DescriptorSize);

    private int Checked(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Slots, nameof(slot));
        return slot;
    }
}
