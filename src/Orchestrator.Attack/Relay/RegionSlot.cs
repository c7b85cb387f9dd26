using System.Net.Sockets;
using Orchestrator.Contracts.Transfers;

namespace Orchestrator.Attack.Relay;

/// <summary>One frame that the device asks for in its region, and the genuine answer, which the host is free to give.</summary>
/// <param name="region">The region.</param>
/// <param name="socket">The bell.</param>
/// <param name="slot">Where in the region.</param>
public sealed class RegionSlot(DmaRegion region, Socket socket, int slot)
{
    private readonly (int Number, uint Stream, ulong Index) _asked = region.Asked(slot);

    /// <summary>The stream that is asked for.</summary>
    public uint Stream => _asked.Stream;

    /// <summary>The frame.</summary>
    public ulong Index => _asked.Index;

    /// <summary>Number of the request.</summary>
    public int Number => _asked.Number;

    /// <summary>Where in the region it goes.</summary>
    public int Slot => slot;

    /// <summary>Slots of the region.</summary>
    public int Slots => region.Slots;

    /// <summary>Bytes of the slot, in memory that the device reads.</summary>
    public Memory<byte> Room => region.Frame(slot);

    /// <summary>The frame that belongs there; empty if the host has not got it.</summary>
    public ReadOnlyMemory<byte> Genuine { get; internal set; }

    /// <summary>Writes a frame, answers, and rings: all that an honest host does.</summary>
    public void Fill(ReadOnlyMemory<byte> frame)
    {
        frame.CopyTo(Room);
        Answer(frame.Length);
        Ring();
    }

    /// <summary>Says that the slot is filled.</summary>
    /// <param name="length">Bytes of the frame; -1: the host has not got it.</param>
    /// <param name="number">The request that is answered; by default this one.</param>
    public void Answer(int length, int? number = null) => region.Answer(slot, number ?? Number, length);

    /// <summary>Rings the bell of this slot, or of another one.</summary>
    public void Ring(int? other = null) => socket.Send([(byte)(other ?? slot)]);
}
