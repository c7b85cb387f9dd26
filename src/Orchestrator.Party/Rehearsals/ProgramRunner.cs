using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Plans;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// Runs foreign programs in a process of their own, the one that trains on a device (docs/spec/tiles.md): what is foreign is never
/// loaded into a party's own process, which holds its keys.
/// </summary>
/// <param name="tiles">Path of the executable <c>Orchestrator.Tiles</c>.</param>
public sealed class ProgramRunner(string tiles)
{
    /// <summary>Environment variables of this project begin so.</summary>
    private const string OwnVariables = "ORCHESTRATOR_";

    /// <summary>The executable beside the running program.</summary>
    public static ProgramRunner Installed { get; } = new(Path.Combine(AppContext.BaseDirectory, "Orchestrator.Tiles"));

    /// <summary>
    /// Loads a program, checks it, and runs it on made-up records up to where a device would read data, which is after its first steps at
    /// the plan's batch size; under the manifest's memory plan.
    /// </summary>
    /// <param name="archive">A TorchScript archive.</param>
    /// <param name="manifest">The job: its plan and data.</param>
    /// <param name="cancel">Gives up and ends the process.</param>
    /// <returns>What it took.</returns>
    /// <exception cref="OrchestratorException">What is wrong with the program, or <see cref="PartyErrors.TilesMissing"/>.</exception>
    public async Task<ProgramTrial> TryAsync(string archive, Manifest manifest, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        IReadOnlyList<ProgramLayer> layers = ProgramTrial.LayersOf(await InspectAsync(archive, cancel));
        await using FileStream program = LocalFile.OpenRead(archive);
        using Process process = Start(["serve"]);
        try
        {
            using var channel = new TileChannel(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
            TileStream[] streams = [.. manifest.Content.Streams.Where(stream => stream.Schema is not null).Select(Describe)];
            long memory = MemoryPlan.Of(manifest.Content).Total;

            // Standardisation would ask for data before the first step.
            TrainingPlan plan = manifest.Content.Plan with { Standardize = false };
            await channel.SendAsync(new TileMessage.Configure(plan, [.. streams], program.Length) { MemoryBytes = memory }, cancel);
            await SendAsync(channel, program, cancel);
            await ExpectAsync<TileMessage.Ready>(channel, cancel);
            long loaded = MemoryOf(process, "VmRSS");
            await channel.SendAsync(new TileMessage.Start(), cancel);
            await ExpectAsync<TileMessage.NeedFrame>(channel, cancel);
            return new ProgramTrial(layers, Math.Max(0, MemoryOf(process, "VmHWM") - loaded));
        }
        finally
        {
            await EndAsync(process);
        }
    }

    /// <summary>A program's code, operators and parameters, as JSON (docs/spec/tiles.md).</summary>
    /// <exception cref="OrchestratorException">The file is no program, or <see cref="PartyErrors.TilesMissing"/>.</exception>
    public async Task<string> InspectAsync(string archive, CancellationToken cancel = default)
    {
        LocalFile.OpenRead(archive).Dispose();
        using Process process = Start(["inspect", Path.GetFullPath(archive)]);
        try
        {
            process.StandardInput.Close();
            string description = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? description : throw Failure(description, archive);
        }
        finally
        {
            await EndAsync(process);
        }
    }

    private static async Task ExpectAsync<T>(TileChannel channel, CancellationToken cancel)
        where T : TileMessage
    {
        switch (await channel.ReceiveAsync(cancel))
        {
            case T:
                return;
            case TileMessage.Failed failed:
                throw new OrchestratorException(new ErrorCode(failed.Code, failed.Class, failed.Message, failed.Remedy), failed.Message);
            default:
                throw new OrchestratorException(TileErrors.MessageUnexpected, "The tiles answered out of turn.");
        }
    }

    // proc(5); in kibibytes.
    private static long MemoryOf(Process process, string key) =>
        long.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;

    private static async Task SendAsync(TileChannel channel, FileStream program, CancellationToken cancel)
    {
        byte[] piece = new byte[TileLimits.ChunkSize];
        int read;
        while ((read = await program.ReadAsync(piece, cancel)) > 0)
        {
            await channel.SendAsync(new TileMessage.Program(piece.AsMemory(0, read)), cancel);
        }
    }

    // The process says `{"error": {"code", "class", "message", "remedy"}}`, unless it died before it could.
    private static OrchestratorException Failure(string description, string archive)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(description);
            JsonElement error = document.RootElement.GetProperty("error");
            string Text(string name) => RpcErrors.Printable(error.GetProperty(name).GetString() ?? "");
            var failureClass = (ErrorClass)error.GetProperty("class").GetInt32();
            if (!Enum.IsDefined(failureClass))
            {
                throw new KeyNotFoundException();
            }

            return new OrchestratorException(new ErrorCode(Text("code"), failureClass, Text("message"), Text("remedy")), Text("message"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new OrchestratorException(PartyErrors.ProgramInvalid, $"{archive} ended the process that was to load it.", inner: e);
        }
    }

    private static TileStream Describe(ManifestStream stream) =>
        new($"{stream.Id}", stream.Role!.Value, stream.Schema!, stream.FrameSize, stream.Records);

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    private Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo(tiles, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // The party's passphrase may be among them.
        foreach (string own in start.Environment.Keys.Where(name => name.StartsWith(OwnVariables, StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(own);
        }

        try
        {
            Process process = Process.Start(start)!;

            // Read, so that the process cannot block on it, and dropped: what libtorch grumbles is not for people.
            process.BeginErrorReadLine();
            return process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new OrchestratorException(PartyErrors.TilesMissing, $"{tiles} cannot be started: {e.Message}", inner: e);
        }
    }
}
