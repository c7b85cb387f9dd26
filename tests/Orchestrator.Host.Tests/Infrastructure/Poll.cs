namespace Orchestrator.Host.Tests.Infrastructure;

internal static class Poll
{
    /// <summary>Asks until the answer is yes, for what has no event to await; fails after a minute.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), timeout.Token);
        }
    }
}
