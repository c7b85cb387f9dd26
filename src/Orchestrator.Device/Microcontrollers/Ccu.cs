using Orchestrator.Attestation;
using Orchestrator.Errors;

namespace Orchestrator.Device.Microcontrollers;

/// <summary>
/// The confidential compute unit's immutable bootloader, as far as the ICU meets it: it takes the ICU's measurement only as
/// the first message after its own reset, so that firmware which already ran cannot measure itself anew.
/// </summary>
public sealed class Ccu
{
    private bool _awaitsFirstMessage;

    /// <summary>The ICU's measurement of this boot; <see langword="null"/> until it arrives.</summary>
    public Measurement? IcuMeasurement { get; private set; }

    /// <summary>Comes up and raises the ready flag.</summary>
    public void Reset()
    {
        IcuMeasurement = null;
        _awaitsFirstMessage = true;
    }

    /// <summary>Takes the ICU's measurement.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.MeasurementRefused"/> if it is not the first message.</exception>
    public void ReceiveMeasurement(Measurement measurement)
    {
        if (!_awaitsFirstMessage)
        {
            throw new OrchestratorException(DeviceErrors.MeasurementRefused, "The CCU takes a measurement only as the first message after its reset.");
        }

        _awaitsFirstMessage = false;
        IcuMeasurement = measurement;
    }
}
