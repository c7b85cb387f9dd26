namespace Orchestrator.Device.Microcontrollers;

/// <summary>The coupled reset pins: neither microcontroller can be restarted without the other, the CCU comes up first.</summary>
public sealed class ResetLine(Ccu ccu, Icu icu)
{
    /// <summary>Resets both. Also what a soft reset of either is turned into.</summary>
    public void Pulse()
    {
        ccu.Reset();
        icu.Reset(ccu);
    }
}
