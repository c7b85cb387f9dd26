using Grpc.Core;

namespace Grpc.Peer;

public static partial class Exchange
{
    /// <summary>The generated client, and what its calls go through.</summary>
    public partial class ExchangeClient
    {
        internal CallInvoker Invoker => CallInvoker;
    }
}
