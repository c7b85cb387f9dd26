using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// What a launcher needs to know of a sealed file to plan with it, on one line of text: <c>orchestrator-stream:DIGEST:LENGTH:PROLOGUE</c>,
/// where PROLOGUE is the base64url of the file's first bytes up to frame 0. Public; holds no key and no data.
/// </summary>
/// <remarks>A card is a claim. The manifest pins the digest, and the device checks header and frames against it.</remarks>
/// <param name="Digest">The stream's digest, its address on a host.</param>
/// <param name="Layout">Header, frames and records, which follow from the prologue and the length.</param>
public sealed record StreamCard(Digest Digest, StreamLayout Layout)
{
    /// <summary>Longest line, in characters.</summary>
    public const int MaxLength = 1 << 20;

    private const string Prefix = "orchestrator-stream";

    /// <summary>Describes a sealed file, which is read to its end; or reads a file that holds a card.</summary>
    /// <exception cref="OrchestratorException">The file cannot be read, or is neither.</exception>
    public static StreamCard Read(string path)
    {
        using FileStream file = LocalFile.OpenRead(path);
        byte[] start = new byte[Prefix.Length + 1];
        int read = LocalFile.Guard(path, () => file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        if (read == start.Length && start.AsSpan().SequenceEqual("orchestrator-stream:"u8))
        {
            string line = LocalFile.ReadAllText(path, MaxLength, PartyErrors.CardInvalid);
            return TryParse(line, out StreamCard? card)
                ? card
                : throw new OrchestratorException(PartyErrors.CardInvalid, $"{path} is not a stream card, or was changed in copying.");
        }

        file.Position = 0;
        StreamSummary summary = LocalFile.Guard(path, () => StreamDigester.Digest(file));
        return new StreamCard(summary.Digest, summary.Layout);
    }

    /// <summary>Reads the line, if it is one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? line, [NotNullWhen(true)] out StreamCard? card)
    {
        card = null;
        if ((line ?? "").Trim().Split(':') is not [Prefix, var digestText, var lengthText, var prologueText]
            || !Digest.TryParse(digestText, out Digest digest)
            || !long.TryParse(lengthText, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            || !Base64Url.IsValid(prologueText))
        {
            return false;
        }

        try
        {
            var prologue = StreamPrologue.Parse(Base64Url.DecodeFromChars(prologueText));
            card = new StreamCard(digest, StreamLayout.Of(prologue, length));
            return card.ToString() == line!.Trim();
        }
        catch (OrchestratorException)
        {
            return false;
        }
    }

    /// <summary>The line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}:{Digest}:{Layout.TotalLength}:{Base64Url.EncodeToString(Layout.Prologue.Bytes.Span)}");
}
