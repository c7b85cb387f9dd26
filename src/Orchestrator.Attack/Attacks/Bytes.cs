using Google.Protobuf;

namespace Orchestrator.Attack.Attacks;

/// <summary>Small violence to bytes.</summary>
internal static class Bytes
{
    public const int HashSize = 32;

    /// <summary>Flips a bit at a place, from the end if negative.</summary>
    public static ByteString Flip(ByteString bytes, int place)
    {
        byte[] altered = bytes.ToByteArray();
        altered[place < 0 ? altered.Length + place : place] ^= 0x04;
        return ByteString.CopyFrom(altered);
    }

    public static ByteString Flip(ByteString bytes) => Flip(bytes, bytes.Length / 2);

    public static ByteString Cut(ByteString bytes, int count) => ByteString.CopyFrom(bytes.Span[..^count]);

    public static ByteString Append(ByteString bytes, params ReadOnlySpan<byte> more) => ByteString.CopyFrom([.. bytes.Span, .. more]);
}
