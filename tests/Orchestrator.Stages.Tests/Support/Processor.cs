using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Psp;

[assembly: AssemblyFixture(typeof(Orchestrator.Stages.Tests.Support.Processor))]

namespace Orchestrator.Stages.Tests.Support;

/// <summary>A processor for all tests: its root takes a second to make.</summary>
public sealed class Processor : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-stages-psp-").FullName;

    public Processor() => Psp = SimulatedPsp.Open(Path.Combine(_folder, "psp"), new FixedTime(TestVendor.Now));

    public SimulatedPsp Psp { get; }

    public void Dispose()
    {
        Psp.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
