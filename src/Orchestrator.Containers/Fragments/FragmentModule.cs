using System.Collections.Immutable;
using System.Text;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Fragments;

/// <summary>
/// The text of a fragment, read (docs/spec/fragment.md). What it permits depends on its parameters, so that is read when they are known:
/// <see cref="Permit"/>.
/// </summary>
public sealed class FragmentModule
{
    private const string FirstLine = "package ";

    private static readonly string[] Reserved = ["framework", "api", "policy", "metadata"];

    private readonly ImmutableSortedDictionary<string, PolicyNode?> _parameters;
    private readonly ImmutableDictionary<string, PolicyNode> _objects;
    private readonly ContainerReader _reader;

    private FragmentModule(PolicyModule module)
    {
        var rules = module.Rules.ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        Svn = ContainerReader.ReadSvn(Take("svn")?.Value ?? throw new OrchestratorException(PolicyErrors.Value, "The fragment does not say svn."));
        FrameworkVersion framework = ReadVersion(Take("framework_version") ?? Take("framework_svn")
            ?? throw new OrchestratorException(PolicyErrors.Version, $"The fragment does not say framework_version; the engine's is {FrameworkVersion.Framework}."));
        _reader = new ContainerReader(framework);
        bool newer = framework >= new FrameworkVersion(0, 5, 0);
        _parameters = newer && Take("parameters_api") is { } declared ? ReadDeclared(declared.Value) : ImmutableSortedDictionary<string, PolicyNode?>.Empty;
        string[] names = newer ? ["containers", "external_processes", "fragments", "platform_rules"] : ["containers", "external_processes", "fragments"];
        _objects = names.Select(Take).OfType<PolicyRule>().ToImmutableDictionary(rule => rule.Name, rule => rule.Value, StringComparer.Ordinal);
        if (rules.Values.FirstOrDefault() is { } rest)
        {
            throw new OrchestratorException(PolicyErrors.Unsupported, $"{rest.Position}: a fragment of framework {framework} has no rule {rest.Name}.");
        }

        PolicyRule? Take(string name) => rules.Remove(name, out PolicyRule? rule) ? rule : null;
    }

    /// <summary>Its security version.</summary>
    public SecurityVersion Svn { get; }

    /// <summary>Reads a fragment from UTF-8 text.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="PolicyErrors"/>.</exception>
    public static FragmentModule Parse(ReadOnlySpan<byte> utf8)
    {
        PolicyModule module = PolicyParser.Parse(utf8);
        if (!utf8.StartsWith(Encoding.UTF8.GetBytes(FirstLine + module.Package + "\n")) || module.Package.Contains('.', StringComparison.Ordinal))
        {
            throw new OrchestratorException(PolicyErrors.Syntax, "line 1, column 1: the first line of a fragment is package, one blank, and one name.");
        }

        return Reserved.Contains(module.Package)
            ? throw new OrchestratorException(PolicyErrors.Syntax, $"line 1, column 9: a fragment cannot be named {module.Package}.")
            : new FragmentModule(module);
    }

    /// <summary>What the fragment permits in one use of it.</summary>
    /// <param name="reference">Who lets it in, and as what.</param>
    /// <exception cref="OrchestratorException"><see cref="FragmentErrors.Parameter"/> or a code of <see cref="PolicyErrors"/>.</exception>
    public FragmentPermissions Permit(FragmentReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var values = ParameterValues.From(_parameters, reference.Parameters);
        return new FragmentPermissions
        {
            Containers = Read(FragmentInclude.Containers, _reader.ReadContainer),
            ExternalProcesses = Read(FragmentInclude.ExternalProcesses, _reader.ReadExternalProcess),
            Fragments = Read(FragmentInclude.Fragments, _reader.ReadFragment),
            PlatformRules = Read(FragmentInclude.PlatformRules, _reader.ReadPlatformRule),
        };

        // What is not included is read all the same: a fragment is wholly good or not at all.
        ImmutableArray<T> Read<T>(FragmentInclude include, Func<PolicyNode, T> read)
        {
            string name = FragmentReference.NameOf(include);
            ImmutableArray<T> items = _objects.TryGetValue(name, out PolicyNode? value) ? PolicyFields.Items(values.Resolve(value), name, read) : [];
            return reference.Includes.Contains(include) ? items : [];
        }
    }

    private static FrameworkVersion ReadVersion(PolicyRule rule)
    {
        string text = PolicyFields.Text(rule.Value, rule.Name);
        return FrameworkVersion.TryParse(text, out FrameworkVersion version) && version <= FrameworkVersion.Framework
            ? version
            : throw new OrchestratorException(PolicyErrors.Version, $"{rule.Value.Position}: {rule.Name} \"{text}\" is not of the form 1.2.3, or newer than the engine's, {FrameworkVersion.Framework}.");
    }

    private static ImmutableSortedDictionary<string, PolicyNode?> ReadDeclared(PolicyNode node) =>
        (node as ObjectNode ?? throw PolicyFields.Wrong(node, "parameters_api", "an object")).Members.ToImmutableSortedDictionary(
            member => member.Key,
            member => PolicyFields.Read(member.Value, "a parameter", fields => fields.Find("default")),
            StringComparer.Ordinal);
}
