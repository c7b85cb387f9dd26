using System.Diagnostics;

namespace Orchestrator.Device.Tests.Support;

/// <summary>The device's executable, with debugging enabled, so that its memory can be read.</summary>
internal sealed class DeviceProcess : IAsyncDisposable
{
    private readonly Process _process;

    private DeviceProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public MemoryImage Memory => new(_process.Id);

    public static async Task<DeviceProcess> StartAsync(string state, string vendor)
    {
        string[] arguments = ["--state", state, "--vendor", vendor, "--fault", "debug", "--allow-unconfined-tiles"];
        Process process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Orchestrator.Device"), arguments) { RedirectStandardOutput = true })!;
        string line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The device did not start.");
        return new DeviceProcess(process, new Uri(line["address ".Length..]));
    }

    /// <summary>Stops its tiles, or lets them go on (kill(1)).</summary>
    /// <param name="signal">STOP or CONT.</param>
    public void SignalTiles(string signal)
    {
        foreach (int tiles in Descendants(_process.Id))
        {
            using Process kill = Process.Start("kill", [$"-{signal}", $"{tiles}"]);
            kill.WaitForExit();
            while (signal == "STOP" && !HasStopped(tiles))
            {
                Thread.Yield();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static IEnumerable<int> Descendants(int process)
    {
        ILookup<int, int> children = Process.GetProcesses().ToLookup(ParentOf, child => child.Id);
        IEnumerable<int> Below(int parent) => children[parent].SelectMany(child => Below(child).Append(child));
        return Below(process);
    }

    // A process is told at once, but each of its threads stops when it next runs.
    private static bool HasStopped(int process) =>
        Directory.EnumerateDirectories($"/proc/{process}/task").All(thread => File.ReadAllText(Path.Combine(thread, "stat")).Split(") ", 2)[1][0] == 'T');

    private static int ParentOf(Process process)
    {
        try
        {
            string[] fields = File.ReadAllText($"/proc/{process.Id}/stat").Split(") ", 2)[1].Split(' ');
            return int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
