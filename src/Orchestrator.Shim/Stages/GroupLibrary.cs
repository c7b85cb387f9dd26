using System.Collections.Immutable;
using System.Text;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Shim.Stages;

/// <summary>A group that a shim can start: its plan and the very bytes of its policy.</summary>
internal sealed record KnownGroup(GroupPlan Plan, byte[] Policy, string Layers);

/// <summary>The groups that an operator has given to a shim, by the digests of their policies. A policy has one digest a shape in which it can be written.</summary>
internal sealed class GroupLibrary
{
    private readonly ImmutableDictionary<Digest, KnownGroup> _groups;

    private GroupLibrary(ImmutableDictionary<Digest, KnownGroup> groups) => _groups = groups;

    /// <summary>The digests, one a line of what the operator is told.</summary>
    public IEnumerable<(string Name, PolicyShape Shape, Digest Policy)> Names { get; private init; } = [];

    /// <summary>Reads group files and their images, and makes their layer images.</summary>
    /// <param name="files">Paths.</param>
    /// <param name="layers">Folder of the layer images; made if absent.</param>
    /// <exception cref="OrchestratorException">What <see cref="GroupFile"/> and <see cref="GroupCompiler"/> refuse.</exception>
    public static GroupLibrary Read(IEnumerable<string> files, string layers)
    {
        var groups = ImmutableDictionary.CreateBuilder<Digest, KnownGroup>();
        var names = new List<(string, PolicyShape, Digest)>();
        foreach (string file in files)
        {
            GroupPlan plan = GroupCompiler.Compile(GroupFile.Read(file), layers);
            foreach (PolicyShape shape in Enum.GetValues<PolicyShape>())
            {
                byte[] policy = Encoding.UTF8.GetBytes(PolicyWriter.Write(GroupPolicy.Of(plan, shape), shape));
                groups[Digest.Of(policy)] = new KnownGroup(plan, policy, layers);
                names.Add((plan.File.Name, shape, Digest.Of(policy)));
            }
        }

        return new GroupLibrary(groups.ToImmutable()) { Names = names };
    }

    /// <summary>The group of a policy.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.PolicyUnknown"/>.</exception>
    public KnownGroup Find(Digest policy) => _groups.GetValueOrDefault(policy)
        ?? throw new OrchestratorException(ShimErrors.PolicyUnknown, $"The shim knows no group whose policy is {policy}.");
}
