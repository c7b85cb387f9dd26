using System.Collections.Immutable;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>What an image says of the containers made from it.</summary>
public sealed record ImageConfiguration
{
    /// <summary>Program and first arguments; may be empty.</summary>
    public required ImmutableArray<string> Entrypoint { get; init; }

    /// <summary>Further arguments, or program and arguments; may be empty.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Variables, <c>NAME=value</c>.</summary>
    public required ImmutableArray<string> Environment { get; init; }

    /// <summary>An absolute path.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary><c>USER</c> or <c>USER:GROUP</c>, names or numbers; empty: root.</summary>
    public required string User { get; init; }

    /// <summary>SHA-256 of each layer's archive, the bottom layer first.</summary>
    public required ImmutableArray<Digest> DiffIds { get; init; }

    internal static ImageConfiguration Read(ImageDocument document)
    {
        string platform = $"{document.Require("os").AsText()}/{document.Require("architecture").AsText()}";
        if (platform != ContainerImage.Platform)
        {
            throw new OrchestratorException(ImageErrors.Platform, $"The image is for {ImageDocument.Shorten(platform)}.");
        }

        ImageDocument? config = document.Find("config");
        ImageDocument rootfs = document.Require("rootfs");
        if (rootfs.Require("type").AsText() is not "layers")
        {
            throw rootfs.Bad("is not made of layers");
        }

        string folder = config?.Find("WorkingDir")?.AsText() is { Length: > 0 } given ? given : "/";
        return new ImageConfiguration
        {
            Entrypoint = config?.Find("Entrypoint")?.AsTexts() ?? [],
            Command = config?.Find("Cmd")?.AsTexts() ?? [],
            Environment = config?.Find("Env")?.AsTexts() ?? [],
            WorkingDirectory = folder.StartsWith('/') ? folder : throw document.Bad($"has the working directory {ImageDocument.Shorten(folder)}, which is not absolute"),
            User = config?.Find("User")?.AsText() ?? "",
            DiffIds = [.. rootfs.Find("diff_ids")?.AsList().Select(item => item.AsDigest()) ?? []],
        };
    }
}
