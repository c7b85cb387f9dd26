using Microsoft.Data.Sqlite;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Host.Objects;

/// <summary>One call's part of a party's upload of one object. Disposing it early leaves the upload to be continued.</summary>
internal sealed class ObjectUpload(ObjectStore store, long id, string party, Digest digest, long size, ObjectWriter writer) : IDisposable
{
    public long Id => id;

    public string Party => party;

    public Digest Digest => digest;

    public long Size => size;

    public long Received => writer.Received;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.ObjectRequestInvalid"/>: more than announced. A code of
    /// <see cref="Crypto.Streams.StreamErrors"/>: no sealed stream, and what was stored is dropped. A code of <see cref="StorageErrors"/>.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Size - Received)
        {
            throw new OrchestratorException(HostErrors.ObjectRequestInvalid, $"More bytes came than the {Size} announced.");
        }

        try
        {
            writer.Append(bytes);
        }
        catch (OrchestratorException failure) when (failure.Code.Class != ErrorClass.Storage)
        {
            Drop();
            throw;
        }
    }

    /// <summary>Puts the object into the store when its last byte is in; until then nothing happens.</summary>
    /// <param name="completed">Runs in the transaction that makes the object known.</param>
    /// <returns>Whether the object is complete.</returns>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.ObjectDigest"/> or a code of <see cref="Crypto.Streams.StreamErrors"/>: what
    /// was stored is dropped. A code of <see cref="StorageErrors"/>.</exception>
    public bool TryComplete(Action<SqliteConnection> completed)
    {
        if (Received < Size)
        {
            return false;
        }

        try
        {
            Digest found = writer.Finish();
            if (found != Digest)
            {
                throw new OrchestratorException(HostErrors.ObjectDigest, $"The bytes have the digest {found}, not {Digest}.");
            }
        }
        catch (OrchestratorException failure) when (failure.Code.Class != ErrorClass.Storage)
        {
            Drop();
            throw;
        }

        store.Complete(this, writer, completed);
        return true;
    }

    public void Dispose()
    {
        writer.Dispose();
        store.Release(this);
    }

    private void Drop()
    {
        writer.Discard();
        store.Forget(this);
    }
}
