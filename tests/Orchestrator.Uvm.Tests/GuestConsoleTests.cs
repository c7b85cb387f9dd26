using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>What is made of what a machine prints.</summary>
public sealed class GuestConsoleTests
{
    [Theory]
    [InlineData("uvm: agent ended with 3\n[ 9.1] reboot: Power down\n", 0, "uvm-agent-ended", "ended with 3")]
    [InlineData("[ 9.1] Kernel panic - not syncing: sysrq triggered crash\n", 0, "uvm-panicked", "sysrq triggered crash")]
    [InlineData("[ 9.1] Kernel panic - not syncing: System is deadlocked on memory\n", 0, "uvm-out-of-memory", "deadlocked on memory")]
    [InlineData("[ 9.1] Out of memory: Killed process 86 (dotnet) total-vm:1kB\nuvm: agent ended with 137\n", 0, "uvm-out-of-memory", "86 (dotnet)")]
    [InlineData("[ 9.1] Out of memory: Killed process 90 (awk) total-vm:1kB\nuvm: agent ended with 0\n", 0, "uvm-agent-ended", "ended with 0")]
    [InlineData("uvm: agent ended with 137\n", 0, "uvm-agent-ended", "ended with 137")]
    [InlineData("uvm: kernel 1.0\n", 137, "uvm-killed", "signal 9")]
    [InlineData("qemu: could not open disk\n", 1, "uvm-not-started", "could not open disk")]
    [InlineData("qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory\n", 1, "uvm-no-memory", "pc.ram")]
    public async Task End_SaysWhatHappened(string output, int exitCode, string code, string words)
    {
        GuestConsole console = await Read(output);

        OrchestratorException end = console.End(exitCode);

        Assert.Equal(code, end.Code.Id);
        Assert.Contains(words, end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stages_AreInOrder_AndTheHostsOwnComeBehind()
    {
        GuestConsole console = await Read("\u001b[2Juvm: kernel 1.10\nuvm: agent 2.20\nsomething else\n");
        console.Reach("ready");

        Assert.Equal(["kernel", "agent", "ready"], console.Stages.Select(stage => stage.Name));
        Assert.Equal(console.Stages.Select(stage => stage.Reached).Order(), console.Stages.Select(stage => stage.Reached));
    }

    [Fact]
    public async Task Lines_AreFewShortAndPrintable()
    {
        GuestConsole console = await Read(string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i}\u0007\u001b\n")) + new string('x', 10_000));

        Assert.Equal(200, console.Lines.Length);
        Assert.Equal(("line 999", 400), (console.Lines[^2], console.Lines[^1].Length));
        Assert.Equal("line 801", console.Lines[0]);
    }

    [Fact]
    public async Task Stages_ThatNeverEnd_AreKeptOnlyToTheFirstFew()
    {
        GuestConsole console = await Read(string.Concat(Enumerable.Range(0, 1000).Select(i => $"uvm: stage{i} 1\n")));

        Assert.Equal(16, console.Stages.Length);
        Assert.Equal("stage0", console.Stages[0].Name);
    }

    [Fact]
    public async Task Process_ThatIsKilledForWantOfMemory_IsNamed()
    {
        Assert.Null((await Read("all is well\n")).KilledForMemory);
        Assert.Equal("91 (awk)", (await Read("[ 1.0] Out of memory: Killed process 90 (sh) total\n[ 2.0] Out of memory: Killed process 91 (awk) total-vm:5kB\n")).KilledForMemory);
    }

    private static async Task<GuestConsole> Read(string output)
    {
        var console = new GuestConsole(TimeProvider.System);
        await console.ReadAsync(new StringReader(output));
        return console;
    }
}
