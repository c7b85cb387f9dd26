using System.Diagnostics;
using System.Security.Cryptography;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>A deployment whose groups run in virtual machines, and variants of the example that harm theirs from inside. Does nothing where there is no image.</summary>
public sealed class MachineDeployment() : GroupDeployment(UtilityVm.Image)
{
    /// <summary>One whose container crashes the guest's kernel.</summary>
    internal const string Panics = "panics";

    /// <summary>One whose container kills every process of the guest but the first.</summary>
    internal const string Kills = "kills";

    /// <summary>One whose container needs more memory than it has asked for.</summary>
    internal const string Greedy = "greedy";

    /// <summary>The same, and it goes on as if nothing had happened when a part of it is killed.</summary>
    internal const string Careless = "careless";

    /// <summary>MiB that these two ask for.</summary>
    internal const int LittleMemory = 512;

    private const string Machine = "qemu-system-x86_64";

    private byte[]? _undisturbed;

    internal override IReadOnlyDictionary<string, Func<string, string>> Variants { get; } = new Dictionary<string, Func<string, string>>
    {
        [Example] = text => text,
        [Slow] = text => Before(text, "sleep 5;"),
        [Panics] = text => Before(Privileged(text), $"{Sysrq} echo c > /tmp/sysrq-trigger;"),
        [Kills] = text => Before(Privileged(text), $"{Sysrq} echo i > /tmp/sysrq-trigger;"),
        [Greedy] = text => WithMemory(Before(text, $"{Hunger} &&"), LittleMemory),
        [Careless] = text => WithMemory(Before(text, $"{Hunger};"), LittleMemory),
    };

    // Each attempt starts a machine, on cores that may be busy.
    internal override TimeSpan JobPatience => TimeSpan.FromMinutes(15);

    private const string Sysrq = "mount -t proc proc /tmp;";
    private const string Hunger = "awk 'BEGIN { s = sprintf(\"%1000000s\", \"x\"); while (i < 600) a[i++] = s i }'";

    public override ValueTask InitializeAsync() => UtilityVm.Image is null ? ValueTask.CompletedTask : base.InitializeAsync();

    /// <summary>A group file that asks for other memory, in MiB.</summary>
    internal static string WithMemory(string text, int memory) =>
        string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("memory:", StringComparison.Ordinal))) + $"memory: {memory}\n";

    /// <summary>QEMU's processes that the shim has started.</summary>
    internal IReadOnlyList<int> Machines() => [.. ProcessTree.DescendantsOf(Shim.ProcessId).Where(id => ProcessTree.CommandOf(id) == Machine)];

    /// <summary>Waits until no machine is left, and looks for what they might have left on the host.</summary>
    internal async Task AssertCleanAsync()
    {
        foreach (int id in Machines())
        {
            await EndOfAsync(id);
        }

        Assert.Empty(Directory.GetDirectories(ShimTemporary, "uvm-*"));
        Assert.All(Directory.GetFiles(ShimState, "*", SearchOption.AllDirectories), file => Assert.EndsWith(".layer", file, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.GetFiles($"/proc/{Shim.ProcessId}/fd").Select(link => new FileInfo(link).LinkTarget), target => target?.Contains("(deleted)", StringComparison.Ordinal) == true && target.StartsWith(ShimState, StringComparison.Ordinal));
    }

    /// <summary>Whether a completed job's model is, bit for bit, that of a job which nothing has disturbed.</summary>
    internal async Task<bool> IsAsUndisturbedAsync(Digest job)
    {
        if (_undisturbed is null)
        {
            (Digest name, JobEvent last, _) = await RunAsync(await NewJoinAsync());
            Assert.True(last.State == JobState.Completed, last.ToString());
            _undisturbed = await ModelAsync(name);
        }

        return (await ModelAsync(job)).AsSpan().SequenceEqual(_undisturbed);
    }

    private async Task<byte[]> ModelAsync(Digest job)
    {
        string folder = Folder[$"result-{job}"];
        await Parties.Lab.Host.ResultAsync(job, folder, Parties.Lab.Policy);
        return SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors")));
    }

    private static async Task EndOfAsync(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience.Limit);
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }

    // May mount a /proc in which nothing is read-only.
    private static string Privileged(string text) => text
        .Replace("user: \"1000:1000\"", "user: \"0:0\"", StringComparison.Ordinal)
        .Replace("capabilities: none", "capabilities: [CAP_SYS_ADMIN]", StringComparison.Ordinal);
}
