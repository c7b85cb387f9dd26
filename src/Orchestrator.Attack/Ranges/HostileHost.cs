using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>The host as who owns its machine has it: its storage, and its process.</summary>
public sealed partial class HostileHost : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly string _program;
    private readonly Uri _device;
    private readonly Uri _shim;
    private readonly string _snapshot;
    private LocalService? _service;
    private int _starts;

    /// <param name="program">The host's executable.</param>
    /// <param name="folder">Where state and logs go.</param>
    /// <param name="device">What it takes for its device.</param>
    /// <param name="shim">What runs its container groups.</param>
    public HostileHost(string program, string folder, Uri device, Uri shim)
    {
        _shim = shim;
        _program = program;
        _device = device;
        _snapshot = Path.Combine(folder, "host-before.db");
        State = Path.Combine(folder, "host");
        Logs = Directory.CreateDirectory(Path.Combine(folder, "host-logs")).FullName;
    }

    /// <summary>Everything that the host stores.</summary>
    public string State { get; }

    /// <summary>Everything that it prints.</summary>
    public string Logs { get; }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; private set; } = null!;

    private string Database => Path.Combine(State, "host.db");

    private string Log => Path.Combine(Logs, $"host-{_starts}.log");

    /// <summary>Starts it, from the second time on at the same address.</summary>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        _starts++;
        string listen = Address is null ? "127.0.0.1:0" : Address.Authority;
        _service = await LocalService.StartAsync(_program, ["--state", State, "--listen", listen, "--device", _device.ToString(), "--shim", _shim.ToString()], Log, cancel);
        Address = new Uri(_service.Address);
    }

    /// <summary>Where a sealed file is stored.</summary>
    public string PathOf(Digest digest) => Path.Combine(State, "objects", digest.ToString());

    /// <summary>The digest of a job's output, as the host has it.</summary>
    public async Task<Digest> OutputAsync(Digest job, string name) =>
        new((byte[])(await ScalarAsync("SELECT digest FROM job_outputs WHERE job = $job AND name = $name", ("$job", job.ToArray()), ("$name", name)))!);

    /// <summary>Gives another receipt than the device's.</summary>
    public async Task ReplaceReceiptAsync(Digest job, Func<ByteString, ByteString> alter) =>
        await ExecuteAsync("UPDATE jobs SET receipt = $receipt WHERE digest = $job", ("$receipt", alter(await ReceiptAsync(job)).ToByteArray()), ("$job", job.ToArray()));

    /// <summary>A job's receipt, as the host has it.</summary>
    public async Task<ByteString> ReceiptAsync(Digest job) =>
        ByteString.CopyFrom((byte[])(await ScalarAsync("SELECT receipt FROM jobs WHERE digest = $job", ("$job", job.ToArray())))!);

    /// <summary>Gives another output than the device's, of those that are stored.</summary>
    public Task ReplaceOutputAsync(Digest job, string name, Digest output) => ExecuteAsync(
        "UPDATE job_outputs SET digest = $output WHERE job = $job AND name = $name", ("$output", output.ToArray()), ("$job", job.ToArray()), ("$name", name));

    /// <summary>Lets a job go on to the devices, whatever its parties say.</summary>
    public Task QueueAsync(Digest job) => ExecuteAsync(
        "UPDATE jobs SET state = $queued, queued = proposed, failure = NULL WHERE digest = $job", ("$queued", (int)JobState.Queued), ("$job", job.ToArray()));

    /// <summary>Lets a job that is completed run again, as if it had never been, up to its next end.</summary>
    public async Task RunAgainAsync(Digest job)
    {
        await ExecuteAsync("DELETE FROM job_outputs WHERE job = $job", ("$job", job.ToArray()));
        await QueueAsync(job);
        while (await ScalarAsync("SELECT state FROM jobs WHERE digest = $job", ("$job", job.ToArray())) is not (long)JobState.Completed and not (long)JobState.Failed)
        {
            await Task.Delay(s_pause);
        }
    }

    /// <summary>Changes the database under the host's hands.</summary>
    public Task ExecuteAsync(string sql, params IReadOnlyList<(string Name, object Value)> parameters) => ScalarAsync(sql, parameters);

    /// <summary>Keeps the database as it is, for <see cref="RollBackAsync"/>.</summary>
    public async Task TakeSnapshotAsync()
    {
        File.Delete(_snapshot);
        await ExecuteAsync("VACUUM INTO $path", ("$path", _snapshot));
    }

    /// <summary>Restarts with the database of the snapshot.</summary>
    public async Task RollBackAsync()
    {
        await StopAsync();
        RemoveDatabase();
        File.Copy(_snapshot, Database);
        await StartAsync();
    }

    /// <summary>Restarts with a changed database. If the host will not start with it, it gets the old one back.</summary>
    /// <exception cref="OrchestratorException">With the code that the host gave for not starting.</exception>
    public async Task RestartEditedAsync(string sql)
    {
        string kept = Path.Combine(Path.GetDirectoryName(State)!, "host-kept.db");
        await StopAsync();
        File.Delete(kept);
        await ExecuteAsync("VACUUM INTO $path", ("$path", kept));
        await ExecuteAsync(sql);
        try
        {
            await StartAsync();
        }
        catch (OrchestratorException)
        {
            string said = await File.ReadAllTextAsync(Log);
            RemoveDatabase();
            File.Copy(kept, Database);
            await StartAsync();
            Match error = Failure().Match(said);
            throw new OrchestratorException(new ErrorCode(error.Groups["code"].Value, ErrorClass.Integrity, "The host did not start.", "Look at its log."), error.Groups["message"].Value);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopAsync()
    {
        if (_service is not null)
        {
            await _service.DisposeAsync();
        }
    }

    private void RemoveDatabase()
    {
        foreach (string file in Directory.EnumerateFiles(State, "host.db*"))
        {
            File.Delete(file);
        }
    }

    private async Task<object?> ScalarAsync(string sql, params IReadOnlyList<(string Name, object Value)> parameters)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return await command.ExecuteScalarAsync();
    }

    [GeneratedRegex("^error: (?<code>[a-z0-9-]+): (?<message>.*)$", RegexOptions.Multiline)]
    private static partial Regex Failure();
}
