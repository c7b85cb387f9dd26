using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// What tiles are asked to look for outside of their confinement: this process's namespaces and files, and two sockets that are open for
/// just as long.
/// </summary>
internal sealed class Surroundings : IDisposable
{
    private static readonly string[] Namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

    private readonly TcpListener _port = new(IPAddress.Loopback, 0);
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _name = $"orchestrator-probe-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    private Surroundings()
    {
        _port.Start();
        _socket.Bind(new UnixDomainSocketEndPoint("\0" + _name));
        _socket.Listen();
    }

    /// <summary>Lets tiles that have just been started probe their confinement.</summary>
    /// <param name="tiles">They; nothing has been sent to them.</param>
    /// <param name="programFolder">Where their program is installed.</param>
    /// <param name="secrets">Files and folders of the controller's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What they reached; nothing if the confinement is sound.</returns>
    /// <exception cref="OrchestratorException">As <see cref="TileChannel.ReceiveAsync"/>.</exception>
    public static async Task<ImmutableArray<string>> ProbeFromAsync(TileChannel tiles, string programFolder, IEnumerable<string> secrets, CancellationToken cancellation)
    {
        using var surroundings = new Surroundings();
        await tiles.SendAsync(surroundings.Describe(programFolder, secrets), cancellation).ConfigureAwait(false);
        return await tiles.ReceiveAsync(cancellation).ConfigureAwait(false) is TileMessage.Probed probed
            ? probed.Findings
            : throw new OrchestratorException(TileErrors.MessageUnexpected, "The tiles did not say what they can reach.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _port.Dispose();
        _socket.Dispose();
    }

    private TileMessage.Probe Describe(string programFolder, IEnumerable<string> secrets) => new()
    {
        Files = [.. TileConfinement.VisibleFiles(programFolder)],
        Secrets = [.. secrets],
        Environment = [.. TileConfinement.Environment().Select(variable => variable.Name)],
        Namespaces = [.. Namespaces.Select(space => new FileInfo($"/proc/self/ns/{space}").LinkTarget).OfType<string>()],
        Port = ((IPEndPoint)_port.LocalEndpoint).Port,
        Socket = _name,
    };
}
