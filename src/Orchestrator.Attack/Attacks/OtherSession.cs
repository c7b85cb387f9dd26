using Orchestrator.Attack.Relay;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>
/// A session of the same job on a second genuine device, whose quote can be shown in place of the first one's, and which is given the first
/// one's key packages.
/// </summary>
internal sealed class OtherSession(AttackMaterial material)
{
    private readonly List<StageRequest> _packages = [];
    private DeviceLine? _device;

    /// <summary>The second device's, once it has been asked for.</summary>
    public QuoteReply? Quote { get; private set; }

    /// <summary>Keeps a package for the second device.</summary>
    public StageRequest Keep(StageRequest package)
    {
        _packages.Add(package);
        return package;
    }

    /// <summary>Has the second device quote the job.</summary>
    public async Task QuoteAsync(LoadRequest job)
    {
        _device = await material.SecondDevice();
        await _device.Mailbox.ResetAsync(new ResetRequest());
        await _device.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
        await _device.Mailbox.LoadAsync(job);
        Quote = await _device.Mailbox.QuoteAsync(new QuoteRequest());
    }

    /// <summary>Stages the packages there.</summary>
    public async Task StageAsync()
    {
        foreach (StageRequest package in _packages)
        {
            await _device!.Mailbox.StageAsync(package);
        }
    }
}
