using System.Diagnostics;
using System.Text;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>A host or a device in a process of its own, started by the command <c>orchestrator</c> on a loopback port.</summary>
internal sealed class Service : IAsyncDisposable
{
    private const string AddressLine = "address ";

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Service(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"The service ended before it served:\n{Log}"));
    }

    /// <summary>Where it serves.</summary>
    public Uri Address => _address.Task.Result;

    public int ProcessId => _process.Id;

    /// <summary>Everything that it has printed.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a service and waits until it serves.</summary>
    /// <param name="kind"><c>host</c>, <c>device</c> or <c>shim</c>.</param>
    /// <param name="options">As the command takes them.</param>
    public static Task<Service> StartAsync(string kind, params IEnumerable<string> options) => StartAsync(kind, options, []);

    /// <inheritdoc cref="StartAsync(string, IEnumerable{string})"/>
    /// <param name="kind"><c>host</c>, <c>device</c> or <c>shim</c>.</param>
    /// <param name="options">As the command takes them.</param>
    /// <param name="environment">Variables that it gets besides this process's.</param>
    public static async Task<Service> StartAsync(string kind, IEnumerable<string> options, IEnumerable<(string Variable, string Value)> environment)
    {
        ProcessStartInfo start = Executable.Start(Executable.Orchestrator, [kind, "run", .. options]);
        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        var service = new Service(start);
        service._process.Start();
        service._process.BeginOutputReadLine();
        service._process.BeginErrorReadLine();
        try
        {
            await service._address.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>As the kernel or the power supply would end it: at once, with nothing put in order.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void OnLine(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (line?.StartsWith(AddressLine, StringComparison.Ordinal) == true)
        {
            _address.TrySetResult(new Uri(line[AddressLine.Length..]));
        }
    }
}
