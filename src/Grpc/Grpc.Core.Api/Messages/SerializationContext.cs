using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller puts one message: either all at once, or length first and then piece by piece.</summary>
public abstract class SerializationContext
{
    /// <summary>The message is <paramref name="payload"/>, which the context now owns.</summary>
    public virtual void Complete(byte[] payload) => throw new NotImplementedException();

    /// <summary>Announces the length, in bytes, of what will be written to <see cref="GetBufferWriter"/>.</summary>
    public virtual void SetPayloadLength(int payloadLength) => throw new NotImplementedException();

    /// <summary>Where the message is written.</summary>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotImplementedException();

    /// <summary>The message is complete in the buffer writer.</summary>
    public virtual void Complete() => throw new NotImplementedException();
}
