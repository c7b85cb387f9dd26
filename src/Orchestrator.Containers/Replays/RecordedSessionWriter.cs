using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Replays;

/// <summary>Writes what requests the engine admitted as docs/spec/policy-sessions.md lays it out, so that another engine can be asked the same.</summary>
public static class RecordedSessionWriter
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>Writes a session for each counterexample.</summary>
    /// <param name="policy">The policy's text.</param>
    /// <param name="environment">What the guest adds.</param>
    /// <param name="answers">Those without a counterexample are left out.</param>
    public static byte[] Write(string policy, GroupEnvironment environment, IEnumerable<Answer> answers)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var root = new JsonObject
        {
            ["default_mounts"] = Mounts(environment.DefaultMounts),
            ["privileged_mounts"] = Mounts(environment.PrivilegedMounts),
            ["default_capabilities"] = Texts(environment.DefaultCapabilities),
            ["default_privileged_capabilities"] = Texts(environment.DefaultPrivilegedCapabilities),
            ["sessions"] = new JsonArray([.. answers.Where(answer => !answer.Counterexample.IsEmpty).Select(answer => Session(policy, answer))]),
        };
        return JsonSerializer.SerializeToUtf8Bytes(root, s_json);
    }

    private static JsonObject Session(string policy, Answer answer) => new()
    {
        ["name"] = answer.Assertion,
        ["policy"] = policy,
        ["steps"] = new JsonArray([.. answer.Counterexample.Select(Write)]),
    };

    /// <summary>A request with what the engine said.</summary>
    public static JsonObject Write(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var json = new JsonObject { ["point"] = step.Request.Point, ["input"] = RequestJson.Write(step.Request), ["allowed"] = step.Decision.Allowed };
        if (step.Decision.Environment is { } variables)
        {
            json["env_list"] = Texts(variables);
        }

        if (step.Decision.Capabilities is { } capabilities)
        {
            json["caps_list"] = RequestJson.Write(capabilities);
        }

        if (step.Decision.AllowStdioAccess is { } streams)
        {
            json["allow_stdio_access"] = streams;
        }

        return json;
    }

    private static JsonArray Mounts(ImmutableArray<MountRule> mounts) => new([.. mounts.Select(mount => new JsonObject
    {
        ["destination"] = mount.Destination,
        ["source"] = mount.Source.Text,
        ["type"] = mount.Type,
        ["options"] = Texts(mount.Options),
    })]);

    private static JsonArray Texts(ImmutableArray<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
