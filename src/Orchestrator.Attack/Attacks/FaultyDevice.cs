namespace Orchestrator.Attack.Attacks;

/// <summary>The host rents the parties a device that is not what it should be; messages pass unchanged.</summary>
/// <param name="fault">As <c>orchestrator device run --fault</c> takes it.</param>
/// <param name="deed">What is wrong with the device.</param>
/// <param name="stoppedBy">The code with which agents refuse it.</param>
public sealed class FaultyDevice(string fault, string deed, string stoppedBy) : Attack
{
    /// <summary>The fault to start the device with.</summary>
    public string Fault => fault;

    /// <inheritdoc/>
    public override string Name => fault;

    /// <inheritdoc/>
    public override string Deed => deed;

    /// <inheritdoc/>
    public override string StoppedBy => stoppedBy;
}
