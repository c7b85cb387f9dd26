using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Ways in which a key store stays shut.</summary>
public static class KeyStoreErrors
{
    /// <summary>No key store in the folder.</summary>
    public static readonly ErrorCode Missing = new("key-store-missing", ErrorClass.NotFound, "The folder holds no key store.", "Make one with `orchestrator party init NAME`, or name the right folder with --home.");

    /// <summary>A key store is there already.</summary>
    public static readonly ErrorCode Exists = new("key-store-exists", ErrorClass.Conflict, "The folder already holds a key store.", "Use it, or name another folder with --home; a key store is never overwritten, because keys in it cannot be made again.");

    /// <summary>The passphrase does not open it.</summary>
    public static readonly ErrorCode WrongPassphrase = new("key-store-wrong-passphrase", ErrorClass.Refused, "The passphrase does not open the key store.", "Give the passphrase that was chosen at `party init`; without it the keys are lost.");

    /// <summary>The key file does not open it.</summary>
    public static readonly ErrorCode WrongKeyFile = new("key-store-wrong-key-file", ErrorClass.Refused, "The key file does not open the key store.", "Give the key file that was made at `party init`; without it the keys are lost.");

    /// <summary>It wants the other kind of secret.</summary>
    public static readonly ErrorCode WrongProtection = new("key-store-wrong-protection", ErrorClass.Usage, "The key store is opened by another kind of secret.", "Use --key-file for a store made with a key file, and a passphrase for one made with a passphrase.");

    /// <summary>Passphrase too short or too long.</summary>
    public static readonly ErrorCode BadPassphrase = new("key-store-bad-passphrase", ErrorClass.Usage, "The passphrase cannot be used.", "Choose 8 to 1024 characters.");

    /// <summary>A key file that is none.</summary>
    public static readonly ErrorCode BadKeyFile = new("key-store-bad-key-file", ErrorClass.Input, "The file is not a key file.", "Name the file that `party init --key-file` made.");

    /// <summary>Altered or damaged.</summary>
    public static readonly ErrorCode Damaged = new("key-store-damaged", ErrorClass.Integrity, "A record of the key store was altered, moved or damaged.", "Restore the home folder from a backup.");

    /// <summary>The store has no such key.</summary>
    public static readonly ErrorCode NoStreamKey = new("key-store-no-stream-key", ErrorClass.NotFound, "The key store holds no key for this stream.", "Use the home folder in which the file was sealed; the key never left it.");
}
