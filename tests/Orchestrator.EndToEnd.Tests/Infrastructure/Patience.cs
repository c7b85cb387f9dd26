namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>How long a test waits for something that has to come, before it fails.</summary>
internal static class Patience
{
    /// <summary>Far more than anything here takes, so that only what never comes runs into it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Ends with the test run, or when patience does.</summary>
    public static CancellationTokenSource Begin() => Begin(Limit);

    /// <summary>Ends with the test run, or when patience of another length does.</summary>
    public static CancellationTokenSource Begin(TimeSpan patience)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(patience);
        return limit;
    }
}
