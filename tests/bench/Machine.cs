using System.Runtime.InteropServices;

namespace Orchestrator.Bench;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    public static string Describe()
    {
        double gibibytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        return FormattableString.Invariant(
            $"{Processor()}, {Environment.ProcessorCount} cores, {gibibytes:0} GiB; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; {OpenSsl()}");
    }

    private static string Processor()
    {
        const string CpuInfo = "/proc/cpuinfo";
        string? model = File.Exists(CpuInfo) ? File.ReadLines(CpuInfo).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string OpenSsl()
    {
        try
        {
            return string.Join(' ', Child.Run("openssl", "version").Output.Split(' ').Take(2));
        }
        catch (UnavailableException e)
        {
            return e.Message;
        }
    }
}
