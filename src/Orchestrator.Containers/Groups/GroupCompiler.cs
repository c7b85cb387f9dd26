using System.Collections.Immutable;
using Orchestrator.Containers.Images;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Users;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Groups;

/// <summary>Puts a group file and its images together: docs/spec/group.md, "From image to container".</summary>
public static class GroupCompiler
{
    private sealed record ReadImage(ImageConfiguration Configuration, ImmutableArray<BuiltLayer> Layers);

    /// <summary>Reads the images and makes their layer images.</summary>
    /// <param name="file">The group file.</param>
    /// <param name="layerFolder">Gets the layer images; made if absent.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="GroupErrors"/>, <see cref="ImageErrors"/>, <see cref="LayerErrors"/> or <see cref="StorageErrors"/>.</exception>
    public static GroupPlan Compile(GroupFile file, string layerFolder)
    {
        ArgumentNullException.ThrowIfNull(file);
        LocalFile.Guard(layerFolder, () => Directory.CreateDirectory(layerFolder));
        var images = new Dictionary<(string Path, string? Reference), ReadImage>();
        var layers = new Dictionary<Crypto.Digest, BuiltLayer>();
        var containers = ImmutableArray.CreateBuilder<PlannedContainer>();
        foreach (ContainerSection section in file.Containers)
        {
            (string, string?) name = (section.Image, section.Reference);
            if (!images.TryGetValue(name, out ReadImage? image))
            {
                images.Add(name, image = Read(section, layerFolder, layers));
            }

            containers.Add(Plan(section, image));
        }

        return new GroupPlan { File = file, Containers = containers.ToImmutable() };
    }

    private static ReadImage Read(ContainerSection section, string layerFolder, Dictionary<Crypto.Digest, BuiltLayer> known)
    {
        using ContainerImage image = ContainerImage.Open(section.Image, section.Reference);
        var built = ImmutableArray.CreateBuilder<BuiltLayer>();
        foreach ((int index, ImageLayer layer) in image.Layers.Index())
        {
            if (!known.TryGetValue(layer.DiffId, out BuiltLayer? ready))
            {
                known.Add(layer.DiffId, ready = image.BuildLayer(index, layerFolder));
            }

            built.Add(ready);
        }

        return new ReadImage(image.Configuration, built.ToImmutable());
    }

    private static PlannedContainer Plan(ContainerSection section, ReadImage image)
    {
        Account account = ImageAccounts.Read(section.Name, image.Layers).Find(section.User ?? image.Configuration.User);
        return new PlannedContainer
        {
            Section = section,
            Layers = [.. image.Layers.Select(layer => layer.Image)],
            Command = CommandOf(section, image.Configuration),
            Environment = EnvironmentOf(section, image.Configuration),
            WorkingDirectory = section.WorkingDirectory ?? image.Configuration.WorkingDirectory,
            User = account.User,
            Groups = account.Groups,
        };
    }

    private static ImmutableArray<string> CommandOf(ContainerSection section, ImageConfiguration image)
    {
        ImmutableArray<string> command = section.Command ?? [.. image.Entrypoint, .. section.Arguments ?? image.Command];
        return command.IsEmpty || command[0].Length == 0
            ? throw new OrchestratorException(GroupErrors.NoCommand, $"The container {section.Name} has no program.")
            : command;
    }

    private static ImmutableArray<string> EnvironmentOf(ContainerSection section, ImageConfiguration image)
    {
        string? odd = image.Environment.FirstOrDefault(variable => variable.IndexOf('=', StringComparison.Ordinal) <= 0);
        if (odd is not null)
        {
            throw new OrchestratorException(GroupErrors.Environment, $"The image of the container {section.Name} has the variable \"{odd}\".");
        }

        ImmutableArray<string> own = [.. section.Environment.Where(rule => !rule.Variable.IsPattern).Select(rule => rule.Variable.Text)];
        HashSet<string> replaced = [.. own.Select(NameOf)];
        return [.. image.Environment.Where(variable => !replaced.Contains(NameOf(variable))), .. own];
    }

    private static string NameOf(string variable) => variable[..variable.IndexOf('=', StringComparison.Ordinal)];
}
