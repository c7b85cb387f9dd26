using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Guest.Kernel;

/// <summary>A file as a block device, see loop(4). The kernel frees it when nothing uses it any more, however its users ended.</summary>
internal static unsafe class LoopDevice
{
    private const string Control = "/dev/loop-control";
    private const nuint GetFree = 0x4C82;
    private const nuint Configure = 0x4C0A;
    private const int BlockSize = 4096;
    private const int FlagsOffset = 8 + 52;
    private const int ConfigurationSize = 304;
    private const uint ReadOnly = 1;
    private const uint AutoClear = 4;
    private const int Attempts = 64;

    /// <summary>Attaches a file, read-only.</summary>
    /// <param name="file">Whose content must not change any more.</param>
    /// <returns>The device, held until it is mounted, and its path.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static (SafeFileHandle Device, string Path) Attach(SafeFileHandle file)
    {
        using SafeFileHandle control = File.OpenHandle(Control, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (int i = 0; ; i++)
        {
            string path = $"/dev/loop{Native.Check(Native.ioctl(control.DangerousGetHandle(), GetFree, 0), "find a loop device")}";
            SafeFileHandle device = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (TryConfigure(device, file))
            {
                return (device, path);
            }

            // Another took it between the two calls.
            int error = Marshal.GetLastPInvokeError();
            device.Dispose();
            if (error != Native.Busy || i == Attempts)
            {
                throw new IOException($"Cannot attach a file to {path}: error {error}.", error);
            }
        }
    }

    // struct loop_config: descriptor and block size of 4 bytes each, struct loop_info64 (flags at 52), reserved bytes.
    private static bool TryConfigure(SafeFileHandle device, SafeFileHandle file)
    {
        byte* configuration = stackalloc byte[ConfigurationSize];
        var fields = new Span<byte>(configuration, ConfigurationSize);
        fields.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(fields, (int)file.DangerousGetHandle());
        BinaryPrimitives.WriteInt32LittleEndian(fields[4..], BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[FlagsOffset..], ReadOnly | AutoClear);
        return Native.ioctl(device.DangerousGetHandle(), Configure, (nint)configuration) == 0;
    }
}
