using System.Runtime.InteropServices;

namespace NSec.Cryptography.Interop;

/// <summary>Memory for a secret from <c>sodium_malloc</c>: locked where the system allows it, between guard pages, zeroed when freed.</summary>
internal sealed unsafe class SecureMemoryHandle : SafeHandle
{
    private SecureMemoryHandle(nint pointer, int length)
        : base(0, ownsHandle: true)
    {
        SetHandle(pointer);
        Length = length;
    }

    public int Length { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>Allocates memory that its maker fills through <see cref="Writable"/> and then protects.</summary>
    public static SecureMemoryHandle Allocate(int length)
    {
        Sodium.Initialize();
        nint pointer = Libsodium.sodium_malloc((nuint)length);
        return pointer != 0
            ? new SecureMemoryHandle(pointer, length)
            : throw new InsufficientMemoryException("libsodium could not allocate secure memory.");
    }

    /// <summary>The memory, until <see cref="Protect"/>.</summary>
    public Span<byte> Writable => new((void*)handle, Length);

    /// <summary>Makes the memory read-only.</summary>
    public SecureMemoryHandle Protect()
    {
        Sodium.Check(Libsodium.sodium_mprotect_readonly(handle));
        return this;
    }

    /// <summary>Lends the secret; it is not freed before the lease ends, whoever disposes of it meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">It has been freed.</exception>
    public Lease Borrow()
    {
        bool added = false;
        DangerousAddRef(ref added);
        return new Lease(this);
    }

    protected override bool ReleaseHandle()
    {
        Libsodium.sodium_free(handle);
        return true;
    }

    internal readonly ref struct Lease
    {
        private readonly SecureMemoryHandle _memory;

        internal Lease(SecureMemoryHandle memory) => _memory = memory;

        public ReadOnlySpan<byte> Span => new((void*)_memory.handle, _memory.Length);

        public void Dispose() => _memory.DangerousRelease();
    }
}
