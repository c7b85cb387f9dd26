using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Errors;

namespace Orchestrator.Device.Microcontrollers;

/// <summary>What the ICU's firmware image says about the board. The image is measured, so a party knows these numbers.</summary>
public sealed record BoardConfiguration
{
    private const string ExpectedProfile = "orchestrator/icu-firmware/v1";

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    };

    /// <summary>Names the image's format.</summary>
    public required string Profile { get; init; }

    /// <summary>Memory of all tiles together, in bytes.</summary>
    public required long TileMemoryBytes { get; init; }

    /// <summary>Keys that the encryption unit holds at a time, one a stream.</summary>
    public required int KeySlots { get; init; }

    /// <summary>Contexts of the encryption unit: reads that can be outstanding at a time.</summary>
    public required int Contexts { get; init; }

    /// <summary>Reads an image.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FirmwareInvalid"/>.</exception>
    public static BoardConfiguration Parse(ReadOnlySpan<byte> image)
    {
        try
        {
            BoardConfiguration? board = JsonSerializer.Deserialize<BoardConfiguration>(image, Strict);
            return board is { Profile: ExpectedProfile, TileMemoryBytes: > 0, KeySlots: > 0 and <= 256 } && board.Contexts >= board.KeySlots
                ? board
                : throw new OrchestratorException(DeviceErrors.FirmwareInvalid, "The ICU firmware image has values out of range.");
        }
        catch (JsonException e)
        {
            throw new OrchestratorException(DeviceErrors.FirmwareInvalid, "The ICU firmware image cannot be read.", inner: e);
        }
    }
}
