using System.Collections.Immutable;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>Which extended attributes a layer may set. Those of overlayfs would redirect, hide or graft names of other layers.</summary>
internal static class LayerAttributes
{
    /// <summary>What makes a folder hide all that the layers below have in it.</summary>
    public static KeyValuePair<string, byte[]> Opaque { get; } = new("trusted.overlay.opaque", "y"u8.ToArray());

    /// <summary>Refuses an entry with an attribute that is not admitted.</summary>
    /// <returns>Bytes of its attributes, names and values.</returns>
    public static int Require(TarEntry entry)
    {
        int length = 0;
        foreach ((string name, byte[] value) in entry.Metadata.Attributes)
        {
            length += name.Length + value.Length;
            if (!IsAdmitted(name))
            {
                throw new OrchestratorException(LayerErrors.Attribute, $"{entry.Shown}: the attribute {TarEntry.Show(name)} has no place in a layer.");
            }
        }

        return length <= LayerLimits.MaxAttributes
            ? length
            : throw new OrchestratorException(LayerErrors.Attribute, $"{entry.Shown}: {length} bytes of attributes, more than {LayerLimits.MaxAttributes}.");
    }

    private static bool IsAdmitted(string name) =>
        name.Length <= LayerLimits.MaxName
        && !name.Contains('\0', StringComparison.Ordinal)
        && (name is "system.posix_acl_access" or "system.posix_acl_default" || Within(name, "security.") || (Within(name, "user.") && !Within(name, "user.overlay.")));

    private static bool Within(string name, string space) => name.Length > space.Length && name.StartsWith(space, StringComparison.Ordinal);
}
