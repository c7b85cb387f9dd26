namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>The image of the utility VM that tests start machines from.</summary>
internal static class UtilityVm
{
    private const string Variable = "ORCHESTRATOR_UVM";

    private static readonly string? s_named = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;

    /// <summary>Its folder: the one that ORCHESTRATOR_UVM names, or that <c>eng/build-uvm.sh</c> has made. Null: there is none, or no QEMU.</summary>
    public static string? Image { get; } = File.Exists("/usr/bin/qemu-system-x86_64") ? s_named ?? Built() : null;

    /// <summary>Skips a test where there is no image.</summary>
    public static void Require() => Assert.SkipWhen(Image is null, "QEMU or the utility VM's image is missing: eng/setup.sh uvm, eng/build-uvm.sh.");

    /// <summary>Skips a test that takes long unless an image was named on purpose, as <c>make test-uvm</c> does.</summary>
    public static void RequireNamed() => Assert.SkipWhen(Image is null || s_named is null, $"{Variable} names no image of the utility VM.");

    private static string? Built()
    {
        string folder = Repository.PathOf("artifacts", "uvm");
        return File.Exists(Path.Combine(folder, "measurement")) ? folder : null;
    }
}
