using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Devices;

/// <summary>The devices that the operator named, each in one session at a time; two of one name for life are one device.</summary>
internal sealed class DevicePool : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<DeviceLink> _links;
    private readonly HashSet<DeviceLink> _busy = [];
    private readonly ChangeSignal _changes;

    public DevicePool(HostOptions options, ChangeSignal changes, TimeProvider time)
    {
        _links = [.. options.Devices.Select(address => new DeviceLink(address, time))];
        _changes = changes;
    }

    /// <summary>Whether a device is at work, and so will be free again.</summary>
    /// <param name="name">Which; <see langword="null"/> is any.</param>
    public bool IsBusy(string? name)
    {
        lock (_gate)
        {
            return _busy.Any(link => name is null || link.Name == name || _links.Exists(named => named.Name == name && AreOne(named, link)));
        }
    }

    /// <summary>Whether the operator named a device.</summary>
    public bool Knows(string name) => _links.Exists(link => link.Name == name);

    /// <summary>A device that is free and answers; <see langword="null"/> if there is none at the moment.</summary>
    /// <param name="name">The one to take; <see langword="null"/> takes any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<DeviceLink?> TakeAsync(string? name, CancellationToken cancellationToken)
    {
        foreach (DeviceLink link in _links.Where(link => name is null || link.Name == name))
        {
            if (!TryTake(link))
            {
                continue;
            }

            if (await link.ProbeAsync(cancellationToken) && !HasBusyTwin(link))
            {
                return link;
            }

            Remove(link);
        }

        return null;
    }

    /// <summary>Gives a device back.</summary>
    public void Return(DeviceLink link)
    {
        Remove(link);
        _changes.Pulse();
    }

    /// <summary>The devices as they are now. What they say of themselves is a hint, never a proof.</summary>
    public async Task<IEnumerable<DeviceDescription>> DescribeAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_links.Select(link => link.ProbeAsync(cancellationToken)));
        return _links.Select(link => new DeviceDescription
        {
            Name = link.Name,
            State = link.Status?.State.ToString().ToLowerInvariant() ?? "away",
            Evidence = ByteString.CopyFrom([.. (link.Status?.Certificates ?? []).SelectMany(certificate => certificate)]),
        });
    }

    public void Dispose() => _links.ForEach(link => link.Dispose());

    // By what they say of themselves: this is for operators who err, not against devices that lie.
    private static bool AreOne(DeviceLink one, DeviceLink other) => !one.Ueid.IsEmpty && one.Ueid == other.Ueid;

    // A session begins by a reset, which would end that of the same device under another address. A copy's boots lag behind, and parties refuse them.
    private bool HasBusyTwin(DeviceLink link)
    {
        lock (_gate)
        {
            return _busy.Any(other => other != link && AreOne(link, other));
        }
    }

    private bool TryTake(DeviceLink link)
    {
        lock (_gate)
        {
            return _busy.Add(link);
        }
    }

    private void Remove(DeviceLink link)
    {
        lock (_gate)
        {
            _busy.Remove(link);
        }
    }
}
