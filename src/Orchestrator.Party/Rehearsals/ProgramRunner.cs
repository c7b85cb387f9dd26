using System.Diagnostics;
using System.Globalization;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Plans;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;
using Orchestrator.Programs;

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
    /// Verifies a program, loads it, and runs it on made-up records up to where a device would read data, which is after its first steps at
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
        (ReadOnlyMemory<byte> program, VerifiedProgram verified) = ProgramFile.Read(archive);
        IReadOnlyList<ProgramLayer> layers = ProgramTrial.LayersOf(verified);
        using Process process = Start();
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

    private static async Task SendAsync(TileChannel channel, ReadOnlyMemory<byte> program, CancellationToken cancel)
    {
        for (int sent = 0; sent < program.Length; sent += TileLimits.ChunkSize)
        {
            await channel.SendAsync(new TileMessage.Program(program.Slice(sent, Math.Min(TileLimits.ChunkSize, program.Length - sent))), cancel);
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

    private Process Start()
    {
        var start = new ProcessStartInfo(tiles, ["serve"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

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
