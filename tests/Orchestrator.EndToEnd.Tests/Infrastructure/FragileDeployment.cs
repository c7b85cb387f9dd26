using System.Security.Cryptography;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Who can be killed.</summary>
public enum Victim
{
    /// <summary>The process that trains.</summary>
    Tiles,

    /// <summary>The device's controller.</summary>
    Device,

    /// <summary>The host.</summary>
    Host,

    /// <summary>The agent of a data party.</summary>
    Agent,

    /// <summary>Host, device with its tiles, and the agents of all parties.</summary>
    Everything,
}

/// <summary>A deployment in which every part is a process, to be killed at once with nothing put in order, and started again.</summary>
public sealed class FragileDeployment : Deployment
{
    private readonly Dictionary<string, AgentProcess> _agents = [];
    private byte[]? _uninterrupted;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (Participant party in Parties.All)
        {
            await party.StopAgentAsync();
            await StartAgentAsync(party);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (AgentProcess agent in _agents.Values)
        {
            await agent.DisposeAsync();
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A job that is not over before somebody can be killed, and writes checkpoints.</summary>
    internal JobFile CheckpointedJob()
    {
        JobFile job = NewJob();
        return job with { CheckpointEveryEpochs = 3, Plan = job.Plan with { BatchSize = 8, Epochs = 40 } };
    }

    /// <summary>Kills with signal 9, then starts again what was killed. Tiles are the device's to start; where there are none, nothing happens.</summary>
    internal async Task StrikeAsync(Victim victim)
    {
        switch (victim)
        {
            case Victim.Tiles:
                await ProcessTree.TryKillDescendantAsync(Device.ProcessId, Executable.Tiles);
                break;
            case Victim.Device:
                await Device.KillAsync();
                await RestartDeviceAsync();
                break;
            case Victim.Host:
                await Host.KillAsync();
                await RestartHostAsync();
                break;
            case Victim.Agent:
                await _agents[Parties.ClinicB.Name].DisposeAsync();
                await StartAgentAsync(Parties.ClinicB);
                break;
            default:
                await Task.WhenAll([Host.KillAsync(), Device.KillAsync(), .. _agents.Values.Select(agent => agent.KillAsync())]);
                await RestartDeviceAsync();
                await RestartHostAsync();
                foreach (Participant party in Parties.All)
                {
                    await _agents[party.Name].DisposeAsync();
                    await StartAgentAsync(party);
                }

                break;
        }
    }

    /// <summary>Whether the model that a completed job delivered is, bit for bit, that of a training which nobody interrupted.</summary>
    internal async Task<bool> IsAsUninterruptedAsync(Digest job)
    {
        string folder = Folder[$"result-{job}"];
        await Parties.Lab.Host.ResultAsync(job, folder, Parties.Lab.Policy);
        byte[] delivered = SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors")));

        // Serial numbers are the only difference between the jobs, and no part of the training.
        Manifest manifest = await Parties.Lab.Host.ManifestAsync(job);
        _uninterrupted ??= SHA256.HashData(await PlaintextTraining.RunAsync(manifest, Folder["uninterrupted"]));
        return delivered.AsSpan().SequenceEqual(_uninterrupted);
    }

    private async Task StartAgentAsync(Participant party) => _agents[party.Name] = await AgentProcess.StartAsync(party, Host.Address);
}
