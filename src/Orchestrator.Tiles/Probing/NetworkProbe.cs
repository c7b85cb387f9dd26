using System.Net;
using System.Net.Sockets;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Other processes by loopback and by abstract Unix sockets, which no mount hides; other machines.</summary>
internal static class NetworkProbe
{
    // For documentation, RFC 5737 and RFC 3849. Connecting a datagram socket looks a route up and sends nothing.
    private static readonly IPEndPoint[] Elsewhere = [IPEndPoint.Parse("192.0.2.1:9"), IPEndPoint.Parse("[2001:db8::1]:9")];

    public static IEnumerable<string> Findings(TileMessage.Probe outside)
    {
        if (Connects(AddressFamily.InterNetwork, SocketType.Stream, new IPEndPoint(IPAddress.Loopback, outside.Port)))
        {
            yield return $"network: 127.0.0.1:{outside.Port} can be connected to";
        }

        if (Connects(AddressFamily.Unix, SocketType.Stream, new UnixDomainSocketEndPoint("\0" + outside.Socket)))
        {
            yield return $"network: the abstract Unix socket {outside.Socket} can be connected to";
        }

        foreach (var place in Elsewhere.Where(place => Connects(place.AddressFamily, SocketType.Dgram, place)))
        {
            yield return $"network: there is a route to {place.Address}";
        }
    }

    private static bool Connects(AddressFamily family, SocketType type, EndPoint to)
    {
        try
        {
            using var socket = new Socket(family, type, ProtocolType.Unspecified);
            socket.Connect(to);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
