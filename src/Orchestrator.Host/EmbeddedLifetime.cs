namespace Orchestrator.Host;

/// <summary>Leaves signals and the process's end to whoever started the host: it may be one part of a larger program.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
