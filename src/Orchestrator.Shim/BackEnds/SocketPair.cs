using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Shim.BackEnds;

/// <summary>Two connected sockets that no file or address leads to, see socketpair(2): one end to keep, one for a program that is started.</summary>
internal sealed unsafe class SocketPair : IDisposable
{
    private const int Unix = 1;
    private const int StreamAndCloseOnExec = 0x80001;

    private readonly SafeFileHandle _given;

    private SocketPair(int kept, int given)
    {
        Kept = new NetworkStream(new Socket(new SafeSocketHandle(kept, ownsHandle: true)), ownsSocket: true);
        _given = new SafeFileHandle(given, ownsHandle: true);
    }

    /// <summary>This side's end.</summary>
    public NetworkStream Kept { get; }

    /// <summary>The other end's number, in this process and in what it starts while the end is inherited.</summary>
    public int Given => (int)_given.DangerousGetHandle();

    /// <summary>Makes a pair. Neither end is inherited.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static SocketPair Create()
    {
        int* ends = stackalloc int[2];
        return socketpair(Unix, StreamAndCloseOnExec, 0, ends) == 0 ? new SocketPair(ends[0], ends[1]) : throw new IOException("No pair of sockets can be made.");
    }

    /// <summary>Lets programs that are started from now on have the other end, or no longer.</summary>
    public void SetInherited(bool inherited) => SharedMemory.SetInherited(_given, inherited);

    /// <summary>Closes the other end on this side: it is the started program's.</summary>
    public void Dispose() => _given.Dispose();

    [DllImport("libc", SetLastError = true)]
    private static extern int socketpair(int domain, int type, int protocol, int* ends);
}
