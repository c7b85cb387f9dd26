using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Serving;

/// <summary>
/// Moves the controller's channel away from the standard descriptors: what a foreign program prints goes to standard error, and what
/// it tries to read is empty. See fcntl(2), dup2(2).
/// </summary>
internal static class ChannelDescriptors
{
    private const int Input = 0;
    private const int Output = 1;
    private const int Error = 2;
    private const int DuplicateCloseOnExec = 1030;
    private const int FirstFree = 3;
    private const int ReadOnly = 0;

    /// <summary>Takes the channel over. To be called once, before anything foreign is loaded.</summary>
    /// <param name="memory">What the controller shares; <see langword="null"/> if it shares nothing.</param>
    public static TileChannel TakeOver(TileMemory? memory)
    {
        var input = Check(fcntl(Input, DuplicateCloseOnExec, FirstFree));
        var output = Check(fcntl(Output, DuplicateCloseOnExec, FirstFree));
        Check(dup2(Error, Output));
        var nothing = Check(open("/dev/null", ReadOnly));
        Check(dup2(nothing, Input));
        Check(close(nothing));
        return new TileChannel(Stream(input, FileAccess.Read), Stream(output, FileAccess.Write), memory?.ToTiles, memory?.FromTiles);
    }

    private static FileStream Stream(int descriptor, FileAccess access) =>
        new(new SafeFileHandle(descriptor, ownsHandle: true), access, bufferSize: 0);

    private static int Check(int result) =>
        result >= 0 ? result : throw new IOException("The channel cannot be taken over.", new Win32Exception(Marshal.GetLastPInvokeError()));

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(int descriptor, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    private static extern int dup2(int from, int to);

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
}
