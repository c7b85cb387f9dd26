using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Channel;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Errors;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Kernel;
using Orchestrator.Guest.Serving;
using Orchestrator.Psp;

var channel = new Option<int>("--channel") { Description = "Descriptor of the socket to the host.", HelpName = "FD", Required = true };
var psp = new Option<int>("--psp") { Description = "Descriptor of the socket to the security processor.", HelpName = "FD", Required = true };
var devices = new Option<string>("--devices") { Description = "Folder of the layer images that the host has attached.", HelpName = "DIR", Required = true };
var machine = new Option<bool>("--machine") { Description = "The agent has a machine of its own: layers are disks, and scratch is on one." };
var command = new RootCommand("Orchestrator's guest agent: the first process of a confidential container group, and the only one that acts in it. The shim starts it, in namespaces of its own.")
{
    channel, psp, devices, machine,
};
command.SetAction((parsed, cancel) => ServeAsync(parsed.GetRequiredValue(channel), parsed.GetRequiredValue(psp), parsed.GetRequiredValue(devices), parsed.GetValue(machine), cancel));
return await command.Parse(args).InvokeAsync();

static async Task<int> ServeAsync(int channel, int psp, string devices, bool machine, CancellationToken cancel)
{
    try
    {
        ProcessMemory.ForbidCoreDumps();
        ProcessMemory.ForbidReaders();
        using Stream host = Open(channel);
        using var processor = new PspLine(Open(psp));
        Native.AdoptOrphans();
        GuestRoot.SetUp(devices);
        // A sandbox has its host's kernel, which may kill whom it likes: that says nothing about the group.
        using GroupServer group = machine
            ? new GroupServer(processor, new MachineDisks(), MemoryWatch.HasKilled, TimeProvider.System)
            : new GroupServer(processor, new MemoryDisks(), () => false, TimeProvider.System);
        await ChannelServer.ServeAsync(host, group.AnswerAsync, cancel);
        return 0;
    }
    catch (OrchestratorException failure)
    {
        Console.Error.WriteLine($"error: {failure.Code}: {failure.Message}");
        Console.Error.WriteLine($"remedy: {failure.Remedy}");
        return (int)failure.Code.Class;
    }
}

// What the agent starts must not find them.
static Stream Open(int descriptor)
{
    Native.CloseOnExecution(descriptor);
    bool isSocket = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
    return isSocket
        ? new NetworkStream(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), ownsSocket: true)
        : new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
}
