using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

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
    public async Task Launch_OfAProgramThatWasChangedSinceItWasMeasured_IsRefused(string file)
    {
        Autoloader autoloader = Load(Confinement.None);
        File.AppendAllText(_program[file], " ");

        await ErrorAssert.ThrowsAsync(DeviceErrors.FirmwareMissing, () => autoloader.LaunchAsync(1000, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Autoloader_WhereBubblewrapFails_RefusesIfItMustConfineAndSaysSoOtherwise()
    {
        // What bubblewrap is told to mount and cannot find makes it fail, as a kernel without namespaces does.
        File.CreateSymbolicLink(_program["gone.json"], _program["nowhere"]);

        ErrorAssert.Throws(DeviceErrors.ConfinementUnavailable, () => Load(Confinement.Required));
        Assert.False(Load(Confinement.IfPossible).Confined);
    }

    [Fact]
    public async Task Autoloader_WhoseTilesReachASecret_RefusesIfItMustConfineAndSaysSoOtherwise()
    {
        Assert.SkipUnless(TileConfinement.IsAvailable(_program.Path), "bubblewrap does not work on this machine.");
        string secret = _program["secret.json"];
        Autoloader sound = Load(Confinement.Required, secret);
        Assert.True(sound.Confined);

        File.WriteAllText(secret, "{}");

        ErrorAssert.Throws(DeviceErrors.TilesUnconfined, () => Load(Confinement.Required, secret));
        Assert.False(Load(Confinement.IfPossible, secret).Confined);
        OrchestratorException refusal = await Assert.ThrowsAsync<OrchestratorException>(() => sound.LaunchAsync(1000, TestContext.Current.CancellationToken));
        Assert.Equal(DeviceErrors.TilesUnconfined, refusal.Code);
        Assert.Contains(secret, refusal.Message, StringComparison.Ordinal);
    }

    private Autoloader Load(Confinement confinement, params string[] secrets) => new(_program.Path, confinement, secrets, NullLogger<Autoloader>.Instance);

    public void Dispose() => _program.Dispose();
}
