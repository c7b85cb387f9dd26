using System.Globalization;
using Orchestrator.Attestation.X509;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;

namespace Orchestrator.Sdk;

/// <summary>Says in words what a job prepares before it trains.</summary>
internal static class StageReview
{
    /// <summary>The files that a party gives to stages.</summary>
    public static IEnumerable<string> Inputs(ManifestContent job, string party) =>
        job.Stages.SelectMany(stage => stage.Inputs.Where(input => input.Owner == party).Select(input => Describe(stage, input)));

    /// <summary>The files that others give.</summary>
    public static IEnumerable<string> InputsOfOthers(ManifestContent job, string party) =>
        job.Stages.SelectMany(stage => stage.Inputs.Where(input => input.Owner != party).Select(input => $"{input.Owner}: {Describe(stage, input)}"));

    /// <summary>Every stage: under which policy, on what, what it makes, to whom it gives its keys.</summary>
    public static IEnumerable<string> Describe(Manifest manifest)
    {
        foreach (ManifestStage stage in manifest.Content.Stages)
        {
            yield return $"stage {stage.Name}, in a confidential container group under execution policy {stage.Policy}";
            yield return $"  measured as {string.Join(" or ", stage.Measurements.Select(measurement => $"{measurement.ToString()[..16]}…"))}";
            foreach (ManifestStream stream in manifest.StreamsOf(stage.Name))
            {
                yield return $"  {JobReview.Describe(stream)}; from the file {stage.Outputs.Single(output => output.Stream == stream.Id).Name}";
            }

            yield return $"  for devices under {Wording.Count(stage.Devices.Roots.Length, "root")}: {string.Join(", ", stage.Devices.Roots.Select(root => $"{SignedCertificate.Parse(root).Subject}, SHA-256 {Digest.Of(root.Span).ToString()[..16]}…"))}; tolerating {Words(stage.Devices.Allow)}";
        }
    }

    private static string Describe(ManifestStage stage, StageInput input) =>
        string.Create(CultureInfo.InvariantCulture, $"file {input.Name} for stage {stage.Name}: {input.Bytes} bytes, digest {input.Digest}");

    private static string Words(DeviceAllowances allowed) => allowed == DeviceAllowances.None
        ? "nothing out of the ordinary"
        : string.Join(", ", Enum.GetValues<DeviceAllowances>().Where(one => one != DeviceAllowances.None && allowed.HasFlag(one)).Select(one => one switch
        {
            DeviceAllowances.SimulatedDevices => "simulated devices",
            DeviceAllowances.UnconfinedTiles => "unconfined tiles",
            _ => "devices without collateral",
        }));
}
