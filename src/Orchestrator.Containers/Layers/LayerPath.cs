using System.Collections.Immutable;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>Splits entries' names. A name that leads out of the layer never gets past here.</summary>
internal static class LayerPath
{
    /// <summary>The components of a name; none for the layer's root.</summary>
    /// <param name="name">As the archive has it.</param>
    /// <param name="entry">For messages.</param>
    public static ImmutableArray<string> Split(string name, TarEntry entry)
    {
        if (name.Length is 0 or > LayerLimits.MaxPath || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new OrchestratorException(LayerErrors.Name, $"{entry.Shown}: a name of {name.Length} bytes; it has to have 1 to {LayerLimits.MaxPath}, none of them zero.");
        }

        // A slash at the start is the layer's root, as for everything that unpacks layers.
        ImmutableArray<string> components = [.. name.Split('/').Where(component => component is not ("" or "."))];
        foreach (string component in components)
        {
            if (component == "..")
            {
                throw new OrchestratorException(LayerErrors.PathEscape, $"{TarEntry.Show(name)}: the name climbs with \"..\".");
            }

            if (component.Length > LayerLimits.MaxName)
            {
                throw new OrchestratorException(LayerErrors.Name, $"{TarEntry.Show(name)}: one component has {component.Length} bytes, more than {LayerLimits.MaxName}.");
            }
        }

        return components;
    }
}
