using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>What is made of what a machine prints.</summary>
public sealed class GuestConsoleTests
{
    [Theory]
    [InlineData("uvm: agent ended with 3\n[ 9.1] reboot: Power down\n", 0, "uvm-agent-ended", "ended with 3")]
    [InlineData("[ 9.1] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled.\n", 0, "uvm-panicked", "Out of memory: system-wide panic_on_oom is enabled")]
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
    public async Task WantOfMemory_IsNoticed()
    {
        Assert.False((await Read("uvm: kernel 1.0\n")).HasRunOutOfMemory);
        Assert.True((await Read("[   42.1] Out of memory: Killed process 99 (awk) total-vm:900000kB\n")).HasRunOutOfMemory);
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

    private static async Task<GuestConsole> Read(string output)
    {
        var console = new GuestConsole(TimeProvider.System);
        await console.ReadAsync(new StringReader(output));
        return console;
    }
}
