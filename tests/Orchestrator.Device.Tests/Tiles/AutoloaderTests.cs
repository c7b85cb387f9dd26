using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Tiles;

/// <summary>What the tiles are not started with: other files than were attested to, and no confinement where it is demanded.</summary>
public sealed class AutoloaderTests : IDisposable
{
    private readonly TemporaryFolder _program = new();

    public AutoloaderTests() => _program.Install();

    [Theory]
    [InlineData("Orchestrator.Tiles.dll")]
    [InlineData("TorchSharp.dll")]
    [InlineData("libtorchbinding.so")]
    public void Launch_OfAProgramThatWasChangedSinceItWasMeasured_IsRefused(string file)
    {
        var autoloader = new Autoloader(_program.Path, Confinement.None, NullLogger<Autoloader>.Instance);
        File.AppendAllText(_program[file], " ");

        ErrorAssert.Throws(DeviceErrors.FirmwareMissing, () => autoloader.Launch(1000));
    }

    [Fact]
    public void Autoloader_WhereBubblewrapFails_RefusesIfItMustConfineAndSaysSoOtherwise()
    {
        // What bubblewrap is told to mount and cannot find makes it fail, as a kernel without namespaces does.
        File.CreateSymbolicLink(_program["gone.json"], _program["nowhere"]);

        ErrorAssert.Throws(DeviceErrors.ConfinementUnavailable, () => _ = new Autoloader(_program.Path, Confinement.Required, NullLogger<Autoloader>.Instance));
        Assert.False(new Autoloader(_program.Path, Confinement.IfPossible, NullLogger<Autoloader>.Instance).Confined);
    }

    public void Dispose() => _program.Dispose();
}
