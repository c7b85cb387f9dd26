using Orchestrator.Device.Microcontrollers;
using Orchestrator.Errors;

namespace Orchestrator.Device.Control;

/// <summary>
/// What a host reaches past the mailbox's session while the device is in ordinary mode, as through the address space of a PCIe
/// device. Tiles and keys exist only in trusted mode, so memory and key registers read as the zeros that scrubbing left, and
/// what is written there is gone when the autoloader clears the tiles. One window lasts from one reset to the next.
/// </summary>
/// <param name="board">Sizes.</param>
/// <param name="loadFirmware">Takes an ICU image for the next reset.</param>
public sealed class HostWindow(BoardConfiguration board, Action<ReadOnlyMemory<byte>> loadFirmware)
{
    /// <summary>Most bytes of one access.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>Bytes of a key register: an AES-256 key.</summary>
    public const int KeyBytes = 32;

    /// <summary>Registers that configure exchange and PCIe.</summary>
    public const int ConfigurationRegisters = 16;

    /// <summary>Whether a debugger was attached since the reset.</summary>
    public bool DebuggerAttached { get; private set; }

    /// <summary>Reads tile memory.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/>.</exception>
    public byte[] ReadTileMemory(ulong address, uint length)
    {
        RequireMemory(address, length);
        return new byte[length];
    }

    /// <summary>Writes tile memory.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/>.</exception>
    public void WriteTileMemory(ulong address, ReadOnlySpan<byte> data) => RequireMemory(address, (uint)data.Length);

    /// <summary>Reads a key register of the encryption unit.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/>.</exception>
    public byte[] ReadKeyRegister(uint slot)
    {
        Require(slot < board.KeySlots, $"There is no key slot {slot} of {board.KeySlots}.");
        return new byte[KeyBytes];
    }

    /// <summary>Writes a context of the encryption unit, which is programmed anew for every read of a session.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/>.</exception>
    public void WriteContext(uint context) => Require(context < board.Contexts, $"There is no context {context} of {board.Contexts}.");

    /// <summary>Writes a configuration register, which a reset restores.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/>.</exception>
    public void WriteConfiguration(uint register) =>
        Require(register < ConfigurationRegisters, $"There is no configuration register {register} of {ConfigurationRegisters}.");

    /// <summary>Takes an image for the ICU, which is measured and runs from the next reset on, until the device is switched off.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.AccessOutOfRange"/> or <see cref="DeviceErrors.FirmwareInvalid"/>.</exception>
    public void LoadFirmware(ReadOnlyMemory<byte> image)
    {
        Require(image.Length <= MaxBytes, $"The image is longer than {MaxBytes} bytes.");
        loadFirmware(image);
    }

    /// <summary>Attaches a debugger. Until the next reset the device cannot enter trusted mode.</summary>
    public void AttachDebugger() => DebuggerAttached = true;

    private void RequireMemory(ulong address, uint length) => Require(
        length <= MaxBytes && address <= (ulong)board.TileMemoryBytes && length <= (ulong)board.TileMemoryBytes - address,
        $"There are not {length} bytes at {address}; one access takes at most {MaxBytes}, and the tiles have {board.TileMemoryBytes}.");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(DeviceErrors.AccessOutOfRange, otherwise);
        }
    }
}
