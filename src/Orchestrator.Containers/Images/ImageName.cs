namespace Orchestrator.Containers.Images;

/// <summary>Names of images as tools write them: <c>latest</c>, <c>busybox:latest</c>, <c>docker.io/library/busybox:latest</c>.</summary>
internal static class ImageName
{
    /// <summary>Whether <paramref name="reference"/> means <paramref name="name"/>: all of it, or what follows a slash or colon in it; null means every name.</summary>
    public static bool Matches(string name, string? reference) => reference is null
        || name == reference
        || name.EndsWith("/" + reference, StringComparison.Ordinal)
        || name.EndsWith(":" + reference, StringComparison.Ordinal);
}
