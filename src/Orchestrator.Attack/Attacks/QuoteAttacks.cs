using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>A quote of an earlier session is shown to the parties.</summary>
/// <param name="recorded">Evidence that a genuine device gave before.</param>
public sealed class ReplayQuote(QuoteReply recorded) : Attack
{
    /// <inheritdoc/>
    public override string Name => "replay-quote";

    /// <inheritdoc/>
    public override string Deed => "shows the parties a genuine quote of an earlier session";

    /// <inheritdoc/>
    public override string StoppedBy => "release-nonce-mismatch";

    /// <inheritdoc/>
    public override QuoteReply OnQuote(QuoteReply reply) => recorded;
}

/// <summary>Changes nothing, and keeps the quote for <see cref="ReplayQuote"/>.</summary>
public sealed class RecordQuote : Attack
{
    /// <inheritdoc/>
    public override string Name => "record-quote";

    /// <inheritdoc/>
    public override string Deed => "keeps a copy of the quote";

    /// <inheritdoc/>
    public override string StoppedBy => string.Empty;

    /// <summary>The last quote that passed.</summary>
    public QuoteReply? Recorded { get; private set; }

    /// <inheritdoc/>
    public override QuoteReply OnQuote(QuoteReply reply) => Recorded = reply;
}
