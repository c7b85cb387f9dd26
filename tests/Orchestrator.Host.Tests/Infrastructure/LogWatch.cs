using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>Waits for events of the host's log, by their number.</summary>
internal sealed class LogWatch : ILoggerProvider, ILogger
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _events = [];

    public Task HappenedAsync(int eventId) => EventOf(eventId).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        EventOf(eventId.Id).TrySetResult();

    public void Dispose()
    {
    }

    private TaskCompletionSource EventOf(int eventId) => _events.GetOrAdd(eventId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
