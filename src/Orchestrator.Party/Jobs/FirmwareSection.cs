using Orchestrator.Attestation;

namespace Orchestrator.Sdk;

/// <summary>Reads accepted firmware, as job files and release policies name it: three measurements, as `orchestrator device measure` prints them.</summary>
internal static class FirmwareSection
{
    public static FirmwareMeasurements Read(YamlValue value) => value.AsMap(map => new FirmwareMeasurements(
        map.Required("ccu").AsParsed(Measurement.Parse),
        map.Required("icu").AsParsed(Measurement.Parse),
        map.Required("tiles").AsParsed(Measurement.Parse)));
}
