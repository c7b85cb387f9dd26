namespace Orchestrator.Data.Tests;

/// <summary>The distribution's Python, which has numpy; the one on the PATH need not.</summary>
internal static class SystemPython
{
    public static string Path
    {
        get
        {
            Assert.SkipUnless(File.Exists("/usr/bin/python3"), "The distribution's python3 is not installed.");
            return "/usr/bin/python3";
        }
    }
}
