using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Replays;

/// <summary>A verdict of the engine that differs from the recorded one.</summary>
/// <param name="Session">Its name in the file.</param>
/// <param name="Step">Counts from 0.</param>
/// <param name="Point">The enforcement point.</param>
/// <param name="Field">What differs: <c>allowed</c>, <c>env_list</c>, <c>caps_list</c> or <c>allow_stdio_access</c>.</param>
/// <param name="Recorded">As JSON.</param>
/// <param name="Observed">As JSON.</param>
public sealed record Mismatch(string Session, int Step, string Point, string Field, string Recorded, string Observed);

/// <summary>What a replay found.</summary>
/// <param name="Sessions">How many.</param>
/// <param name="Steps">How many in all sessions.</param>
/// <param name="Mismatches">Verdicts that differ.</param>
/// <param name="Unread">Why policies could not be read; such a policy refuses every request.</param>
public sealed record ReplayResult(int Sessions, int Steps, ImmutableArray<Mismatch> Mismatches, ImmutableArray<string> Unread);

/// <summary>
/// Sessions of requests with the verdicts that another engine gave, as docs/spec/policy-sessions.md lays them out. Replaying them shows whether
/// this engine agrees.
/// </summary>
public static class RecordedSessions
{
    /// <summary>The longest file, unpacked, in bytes.</summary>
    public const int MaxBytes = 512 << 20;

    /// <summary>Replays every session of the file at <paramref name="path"/>.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Replay(Stream)"/>, or a code of <see cref="StorageErrors"/>.</exception>
    public static ReplayResult ReplayFile(string path) => LocalFile.Guard(path, () =>
    {
        using FileStream file = File.OpenRead(path);
        return Replay(file);
    });

    /// <summary>Replays every session of a file, gzipped or not.</summary>
    /// <exception cref="OrchestratorException"><see cref="ReplayErrors.Invalid"/>.</exception>
    public static ReplayResult Replay(Stream file)
    {
        using JsonDocument document = Read(file);
        try
        {
            JsonElement root = document.RootElement;
            var environment = ReadEnvironment(root);
            var mismatches = ImmutableArray.CreateBuilder<Mismatch>();
            var unread = ImmutableArray.CreateBuilder<string>();
            int sessions = 0;
            int steps = 0;
            foreach (JsonElement session in root.GetProperty("sessions").EnumerateArray())
            {
                sessions++;
                steps += Replay(session, environment, mismatches, unread);
            }

            return new ReplayResult(sessions, steps, mismatches.ToImmutable(), unread.ToImmutable());
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new OrchestratorException(ReplayErrors.Invalid, $"The file is not a recording of sessions: {e.Message}", inner: e);
        }
    }

    /// <summary>Reads what the guest adds to policies out of a recording, or out of a file that has nothing else.</summary>
    /// <exception cref="OrchestratorException"><see cref="ReplayErrors.Invalid"/>, or a code of <see cref="StorageErrors"/> or <see cref="PolicyErrors"/>.</exception>
    public static GroupEnvironment ReadEnvironmentFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument document = Read(file);
            return ReadEnvironment(document.RootElement);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, path);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new OrchestratorException(ReplayErrors.Invalid, $"{path} does not say what the guest adds: {e.Message}", inner: e);
        }
    }

    private static JsonDocument Read(Stream file)
    {
        try
        {
            using var buffer = new MemoryStream();
            CopyLimited(file, buffer);
            buffer.Position = 0;
            if (buffer.Length < 2 || buffer.ReadByte() != 0x1F || buffer.ReadByte() != 0x8B)
            {
                return JsonDocument.Parse(buffer.ToArray());
            }

            buffer.Position = 0;
            using var unpacked = new MemoryStream();
            using var gzip = new GZipStream(buffer, CompressionMode.Decompress);
            CopyLimited(gzip, unpacked);
            return JsonDocument.Parse(unpacked.ToArray());
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            throw new OrchestratorException(ReplayErrors.Invalid, $"The file is not a recording of sessions: {e.Message}", inner: e);
        }
    }

    private static void CopyLimited(Stream from, MemoryStream to)
    {
        byte[] chunk = new byte[81920];
        for (int read; (read = from.Read(chunk)) > 0;)
        {
            to.Write(chunk, 0, read);
            if (to.Length > MaxBytes)
            {
                throw new OrchestratorException(ReplayErrors.Invalid, $"The recording has more than {MaxBytes} bytes.");
            }
        }
    }

    private static GroupEnvironment ReadEnvironment(JsonElement root) => new()
    {
        DefaultMounts = PolicyReader.ReadMounts(root.GetProperty("default_mounts").GetRawText()),
        PrivilegedMounts = PolicyReader.ReadMounts(root.GetProperty("privileged_mounts").GetRawText()),
        DefaultCapabilities = [.. root.GetProperty("default_capabilities").EnumerateArray().Select(name => name.GetString()!)],
        DefaultPrivilegedCapabilities = root.TryGetProperty("default_privileged_capabilities", out JsonElement privileged)
            ? [.. privileged.EnumerateArray().Select(name => name.GetString()!)] : [],
    };

    private static int Replay(JsonElement session, GroupEnvironment environment, ImmutableArray<Mismatch>.Builder mismatches, ImmutableArray<string>.Builder unread)
    {
        string name = session.GetProperty("name").GetString()!;
        PolicyEngine? engine = ReadPolicy(name, session.GetProperty("policy").GetString()!, environment, unread);
        GroupState state = GroupState.Initial;
        int index = 0;
        foreach (JsonElement step in session.GetProperty("steps").EnumerateArray())
        {
            string point = step.GetProperty("point").GetString()!;
            EnforcementRequest request = RequestJson.Read(point, step.GetProperty("input"));
            Decision decision = engine?.Decide(state, request) ?? new Decision(false, state);
            foreach ((string field, string recorded, string observed) in Verdicts.Compare(step, decision))
            {
                mismatches.Add(new Mismatch(name, index, point, field, recorded, observed));
            }

            state = decision.Next;
            index++;
        }

        return index;
    }

    private static PolicyEngine? ReadPolicy(string session, string text, GroupEnvironment environment, ImmutableArray<string>.Builder unread)
    {
        try
        {
            return new PolicyEngine(PolicyReader.Read(text), environment);
        }
        catch (OrchestratorException e)
        {
            unread.Add($"{session}: {e.Message}");
            return null;
        }
    }
}
