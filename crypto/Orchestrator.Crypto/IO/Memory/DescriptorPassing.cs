using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Crypto.IO.Memory;

/// <summary>Hands an open file to another process of this machine over a Unix-domain socket; see SCM_RIGHTS in unix(7).</summary>
public static unsafe class DescriptorPassing
{
    private const nint SocketLevel = 1;
    private const int Rights = 1;
    private const int CloseReceivedOnExec = 0x40000000;

    /// <summary>Sends a descriptor along with one byte.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public static void Send(Socket socket, SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(file);
        var control = new Control { Length = ControlLength, Level = (int)SocketLevel, Type = Rights, Descriptor = (int)file.DangerousGetHandle() };
        byte data = 0;
        var vector = new Vector { Start = &data, Length = 1 };
        var message = new Message { Vectors = &vector, VectorCount = 1, Control = &control, ControlLength = (nuint)sizeof(Control) };
        Libc.Check(sendmsg(socket.Handle, &message, 0), "pass a descriptor");
    }

    /// <summary>Waits for a descriptor.</summary>
    /// <exception cref="IOException">The other side is gone, or sent something else.</exception>
    public static SafeFileHandle Receive(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Control control = default;
        byte data;
        var vector = new Vector { Start = &data, Length = 1 };
        var message = new Message { Vectors = &vector, VectorCount = 1, Control = &control, ControlLength = (nuint)sizeof(Control) };
        nint received = Libc.Check(recvmsg(socket.Handle, &message, CloseReceivedOnExec), "take a descriptor");
        return received == 1 && control is { Length: ControlLength, Level: (int)SocketLevel, Type: Rights }
            ? new SafeFileHandle(control.Descriptor, ownsHandle: true)
            : throw new IOException("The other side passed no descriptor.");
    }

    /// <summary>Of the header (16 bytes) and one descriptor.</summary>
    private const int ControlLength = 20;

    [DllImport("libc", SetLastError = true)]
    private static extern nint sendmsg(nint socket, Message* message, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint recvmsg(nint socket, Message* message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
        public int Padding;
    }
}
