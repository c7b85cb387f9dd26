using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Guest.Kernel;

/// <summary>Block devices, see ioctl_list(2).</summary>
internal static unsafe class BlockDevice
{
    private const nuint GetSize = 0x80081272;

    /// <summary>Its size in bytes: the size of its file is 0.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public static long SizeOf(SafeFileHandle device)
    {
        long size;
        Native.Check(Native.ioctl(device.DangerousGetHandle(), GetSize, (nint)(&size)), "learn a device's size");
        return size;
    }
}
