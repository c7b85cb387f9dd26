using System.Text;
using Orchestrator.Crypto;

namespace Orchestrator.Channel;

/// <summary>What a virtual machine's disk is called that holds a device of some name: a disk's serial number has room for 20 characters.</summary>
public static class DiskSerial
{
    private const int Length = 20;

    /// <summary>The first 20 hexadecimal digits of the name's SHA-256. They say where to look, not what is there: that is the root hash's to say.</summary>
    public static string Of(string device) => Digest.Of(Encoding.UTF8.GetBytes(device)).ToString()[..Length];
}
