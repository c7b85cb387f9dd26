using Grpc.Core.Interceptors;

namespace Grpc.Core;

/// <summary>The base of generated client stubs.</summary>
public abstract class ClientBase
{
    private readonly ClientBaseConfiguration configuration;

    /// <summary>A stub over nothing, for mocks.</summary>
    protected ClientBase()
        : this(new UnavailableCallInvoker())
    {
    }

    /// <summary>A stub whose calls go to a channel.</summary>
    protected ClientBase(ChannelBase channel)
        : this(channel.CreateCallInvoker())
    {
    }

    /// <summary>A stub whose calls go to an invoker.</summary>
    protected ClientBase(CallInvoker callInvoker)
        : this(new ClientBaseConfiguration(callInvoker, null))
    {
    }

    /// <summary>A stub as configured.</summary>
    protected ClientBase(ClientBaseConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        this.configuration = configuration;
        CallInvoker = configuration.CreateInvoker();
    }

    /// <summary>Starts the calls of this stub.</summary>
    protected CallInvoker CallInvoker { get; }

    internal ClientBaseConfiguration Configuration => configuration;

    /// <summary>How a stub was made, so that a changed copy of it can be.</summary>
    protected internal class ClientBaseConfiguration
    {
        private readonly CallInvoker invoker;
        private readonly string? host;

        internal ClientBaseConfiguration(CallInvoker invoker, string? host)
        {
            ArgumentNullException.ThrowIfNull(invoker);
            this.invoker = invoker;
            this.host = host;
        }

        internal CallInvoker CreateInvoker() => host is null ? invoker : invoker.Intercept(new HostInterceptor(host));

        internal ClientBaseConfiguration WithHost(string newHost) => new(invoker, newHost);
    }
}

/// <summary>The base of generated client stubs, knowing the stub's own type.</summary>
public abstract class ClientBase<T> : ClientBase
    where T : ClientBase<T>
{
    /// <inheritdoc />
    protected ClientBase()
    {
    }

    /// <inheritdoc />
    protected ClientBase(ChannelBase channel)
        : base(channel)
    {
    }

    /// <inheritdoc />
    protected ClientBase(CallInvoker callInvoker)
        : base(callInvoker)
    {
    }

    /// <inheritdoc />
    protected ClientBase(ClientBaseConfiguration configuration)
        : base(configuration)
    {
    }

    /// <summary>A copy of this stub that names another host in its calls.</summary>
    public T WithHost(string host) => NewInstance(Configuration.WithHost(host));

    /// <summary>Makes a stub of the same type; implemented by generated code.</summary>
    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}
