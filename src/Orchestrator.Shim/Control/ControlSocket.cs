using System.Buffers.Binary;
using System.Net.Sockets;
using Orchestrator.Errors;

namespace Orchestrator.Shim.Control;

/// <summary>Where a running group's shim can be spoken to: an address without a file, which goes with the shim. Only the same administrator gets an answer.</summary>
internal static class ControlSocket
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    /// <summary>Listens for commands to the group of a name.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NameTaken"/>.</exception>
    public static Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(AddressOf(name));
            socket.Listen();
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OrchestratorException(ShimErrors.NameTaken, $"A group \"{name}\" is running.", inner: e);
        }
    }

    /// <summary>Connects to the group of a name.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NotRunning"/>.</exception>
    public static async Task<NetworkStream> ConnectAsync(string name, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(AddressOf(name), cancel).ConfigureAwait(false);
            if (!IsOurs(socket))
            {
                throw new OrchestratorException(ShimErrors.NotRunning, $"The group \"{name}\" is somebody else's.");
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OrchestratorException(ShimErrors.NotRunning, $"No group \"{name}\" is running.", inner: e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether the other end is root's, as groups are (SO_PEERCRED: process, user and group of four bytes each).</summary>
    public static bool IsOurs(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length && BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) == 0;
    }

    private static UnixDomainSocketEndPoint AddressOf(string name) => new($"\0orchestrator/group/{name}");
}
