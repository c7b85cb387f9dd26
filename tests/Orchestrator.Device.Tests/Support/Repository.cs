namespace Orchestrator.Device.Tests.Support;

/// <summary>The working tree that the tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? at) => at is null
        ? throw new DirectoryNotFoundException("No folder above the tests holds Orchestrator.sln.")
        : File.Exists(Path.Combine(at.FullName, "Orchestrator.sln")) ? at.FullName : Find(at.Parent);
}
