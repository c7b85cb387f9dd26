using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>Names of images as tools write them: <c>latest</c>, <c>busybox:latest</c>, <c>docker.io/library/busybox:latest</c>.</summary>
internal static class ImageName
{
    /// <summary>The one image that a reference means; null means any.</summary>
    /// <param name="images">All that are there.</param>
    /// <param name="namesOf">An image's names.</param>
    /// <param name="reference">All of a name, or what follows a slash or colon in it; in a layout also a manifest's digest.</param>
    public static T Choose<T>(IReadOnlyList<T> images, Func<T, IEnumerable<string>> namesOf, string? reference)
    {
        List<T> meant = [.. images.Where(image => reference is null || namesOf(image).Any(name => Matches(name, reference)))];
        string[] names = [.. images.SelectMany(namesOf).Distinct(StringComparer.Ordinal).Select(ImageDocument.Shorten)];
        string present = names.Length > 0 ? string.Join(", ", names) : "none with a name";
        return meant switch
        {
            [T only] => only,
            [] => throw new OrchestratorException(ImageErrors.NotFound, $"There is no image {(reference is null ? "" : reference + " ")}for {ContainerImage.Platform}; there are {present}."),
            _ => throw new OrchestratorException(ImageErrors.Ambiguous, $"There are {meant.Count} images: {present}."),
        };
    }

    private static bool Matches(string name, string reference) => name == reference
        || name.EndsWith("/" + reference, StringComparison.Ordinal)
        || name.EndsWith(":" + reference, StringComparison.Ordinal);
}
