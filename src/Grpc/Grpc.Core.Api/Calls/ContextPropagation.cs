namespace Grpc.Core;

/// <summary>What a call made on behalf of a server call takes over from it.</summary>
public class ContextPropagationOptions(bool propagateDeadline = true, bool propagateCancellation = true)
{
    /// <summary>Takes over deadline and cancellation.</summary>
    public static readonly ContextPropagationOptions Default = new();

    /// <summary>True when the earlier of both deadlines counts.</summary>
    public bool IsPropagateDeadline { get; } = propagateDeadline;

    /// <summary>True when the end of the server call cancels the call made for it.</summary>
    public bool IsPropagateCancellation { get; } = propagateCancellation;
}

/// <summary>An opaque reference to a server call, made by <see cref="ServerCallContext.CreatePropagationToken"/>.</summary>
public abstract class ContextPropagationToken
{
    internal ContextPropagationToken()
    {
    }
}
