using Orchestrator.Containers.Layers;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Uvm;

[assembly: AssemblyFixture(typeof(Orchestrator.Guest.Tests.Support.Machine))]

namespace Orchestrator.Guest.Tests.Support;

/// <summary>What all tests share: a processor, whose root takes a second to make, and a folder with layer images.</summary>
public sealed class Machine : IDisposable
{
    /// <summary>Names the folder of a utility VM's image.</summary>
    public const string ImageVariable = "ORCHESTRATOR_UVM";

    /// <summary>Trait of the few tests that <c>make test</c> runs in machines, too.</summary>
    public const string Selection = "Machine";

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-guest-").FullName;
    private readonly Lazy<SimulatedPsp> _psp;
    private readonly Lazy<LayerImage> _busybox;
    private readonly Lazy<LayerImage> _extra;

    public Machine()
    {
        Devices = Directory.CreateDirectory(Path.Combine(_folder, "devices")).FullName;
        _psp = new Lazy<SimulatedPsp>(() => SimulatedPsp.Open(Path.Combine(_folder, "psp"), TimeProvider.System));
        _busybox = new Lazy<LayerImage>(() => TestImages.Busybox(Devices));
        _extra = new Lazy<LayerImage>(() => TestImages.OneFile(Devices, "extra/note.txt", "from the top layer\n"));
    }

    /// <summary>The folder that guests have as devices.</summary>
    public string Devices { get; }

    /// <summary>What runs the groups: namespaces, or, if ORCHESTRATOR_UVM names an image, virtual machines.</summary>
    public IBackEnd BackEnd => Environment.GetEnvironmentVariable(ImageVariable) is { Length: > 0 } image
        ? new MachineBackEnd(Psp, UvmImage.Open(image), 256 << 20, TimeProvider.System)
        : new SandboxBackEnd(Psp);

    public SimulatedPsp Psp => _psp.Value;

    public LayerImage Busybox => _busybox.Value;

    /// <summary>A second layer, with one file.</summary>
    public LayerImage Extra => _extra.Value;

    public void Dispose()
    {
        if (_psp.IsValueCreated)
        {
            _psp.Value.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
