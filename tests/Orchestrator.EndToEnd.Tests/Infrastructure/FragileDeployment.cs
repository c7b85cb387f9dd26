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

    /// <summary>The agent of the first data party.</summary>
    AgentOfClinicA,

    /// <summary>The agent of the second data party.</summary>
    AgentOfClinicB,

    /// <summary>The agent of the party that proposes, and receives the model.</summary>
    AgentOfLab,

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
        return job with { CheckpointEveryEpochs = 5, Plan = job.Plan with { BatchSize = 8, Epochs = 100 } };
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
            case Victim.AgentOfClinicA:
                await RestartAgentAsync(Parties.ClinicA);
                break;
            case Victim.AgentOfClinicB:
                await RestartAgentAsync(Parties.ClinicB);
                break;
            case Victim.AgentOfLab:
                await RestartAgentAsync(Parties.Lab);
                break;
            default:
                await Task.WhenAll([Host.KillAsync(), Device.KillAsync(), .. _agents.Values.Select(agent => agent.KillAsync())]);
                await RestartDeviceAsync();
                await RestartHostAsync();
                foreach (Participant party in Parties.All)
                {
                    await RestartAgentAsync(party);
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

    /// <summary>Agents that have ended by themselves, with what they said: there must be none.</summary>
    internal async Task<string> DeadAgentsAsync()
    {
        var dead = new List<string>();
        foreach ((string party, AgentProcess agent) in _agents)
        {
            if (await agent.LastWordsAsync() is { } said)
            {
                dead.Add($"The agent of {party} has ended: {said}");
            }
        }

        return string.Join("\n", dead);
    }

    private async Task RestartAgentAsync(Participant party)
    {
        await _agents[party.Name].DisposeAsync();
        await StartAgentAsync(party);
    }

    private async Task StartAgentAsync(Participant party) => _agents[party.Name] = await AgentProcess.StartAsync(party, Host.Address);
}
