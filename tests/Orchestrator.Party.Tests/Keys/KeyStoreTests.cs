using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Sdk.Tests.Keys;

public sealed class KeyStoreTests : IDisposable
{
    private const string Passphrase = "correct horse battery";

    private readonly TemporaryFolder _folder = new();
    private readonly StoreSecret _secret = StoreSecret.FromPassphrase(Passphrase);

    public void Dispose()
    {
        _secret.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void KeyStore_Reopened_HasTheSameKeys()
    {
        string home = _folder["home"];
        var stream = Digest.Of("stream"u8);
        byte[] streamKey = new byte[StreamKey.Size];
        byte[] share;
        string identity;
        using (KeyStore made = KeyStore.Create(home, "clinic", _secret))
        using (StreamKey key = StreamKey.Generate())
        {
            identity = made.Identity.ToString();
            share = made.CheckpointShareOf(stream).Export();
            key.Export(streamKey);
            made.AddStreamKey(stream, key);
            made.AddHost("host.example:7443", stream);
        }

        using KeyStore reopened = KeyStore.Open(home, _secret);

        byte[] reopenedKey = new byte[StreamKey.Size];
        reopened.StreamKeyOf(stream).Export(reopenedKey);
        Assert.Equal(identity, reopened.Identity.ToString());
        Assert.Equal(identity + "\n", File.ReadAllText(Path.Combine(home, KeyStore.IdentityFile)));
        Assert.Equal(streamKey, reopenedKey);
        Assert.Equal(share, reopened.CheckpointShareOf(stream).Export());
        Assert.Equal(stream, reopened.FindHost("host.example:7443"));
        Assert.Equal(["host.example:7443"], reopened.Hosts);
    }

    [Fact]
    public void KeyStore_WrongPassphrase_StaysShut()
    {
        KeyStore.Create(_folder["home"], "clinic", _secret).Dispose();
        using StoreSecret wrong = StoreSecret.FromPassphrase(Passphrase + "!");

        Assert.Same(KeyStoreErrors.WrongPassphrase, Failures.CodeOf(() => KeyStore.Open(_folder["home"], wrong)));
    }

    [Fact]
    public void KeyStore_KeyFile_OpensOnlyItsOwnStore()
    {
        StoreSecret.CreateKeyFile(_folder["key"]);
        StoreSecret.CreateKeyFile(_folder["other"]);
        using StoreSecret secret = StoreSecret.FromKeyFile(_folder["key"]);
        using StoreSecret other = StoreSecret.FromKeyFile(_folder["other"]);
        KeyStore.Create(_folder["home"], "clinic", secret).Dispose();

        KeyStore.Open(_folder["home"], secret).Dispose();
        Assert.Same(KeyStoreErrors.WrongKeyFile, Failures.CodeOf(() => KeyStore.Open(_folder["home"], other)));
        Assert.Same(KeyStoreErrors.WrongProtection, Failures.CodeOf(() => KeyStore.Open(_folder["home"], _secret)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["key"]));
    }

    [Fact]
    public void KeyStore_Made_IsReadableByItsOwnerAlone()
    {
        string home = _folder["home"];
        using KeyStore store = KeyStore.Create(home, "clinic", _secret);
        store.AddHost("host", Digest.Of("x"u8));

        UnixFileMode folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(folder, File.GetUnixFileMode(home));
        Assert.All(Directory.GetDirectories(home), path => Assert.Equal(folder, File.GetUnixFileMode(path)));
        Assert.All(
            Directory.GetFiles(home, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != KeyStore.IdentityFile),
            path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }

    [Fact]
    public void KeyStore_SecretsOnDisk_AreNotInPlaintext()
    {
        var stream = Digest.Of("stream"u8);
        byte[] secret = new byte[StreamKey.Size];
        using (KeyStore store = KeyStore.Create(_folder["home"], "clinic", _secret))
        using (StreamKey key = StreamKey.Generate())
        {
            key.Export(secret);
            store.AddStreamKey(stream, key);
        }

        Assert.All(
            Directory.GetFiles(_folder["home"], "*", SearchOption.AllDirectories),
            path => Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(secret)));
    }

    [Fact]
    public void KeyStore_SecondInit_ChangesNothing()
    {
        KeyStore.Create(_folder["home"], "clinic", _secret).Dispose();
        byte[] before = File.ReadAllBytes(Path.Combine(_folder["home"], "store"));

        Assert.Same(KeyStoreErrors.Exists, Failures.CodeOf(() => KeyStore.Create(_folder["home"], "other", _secret)));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(_folder["home"], "store")));
    }

    [Fact]
    public void KeyStore_Missing_SaysSo() =>
        Assert.Same(KeyStoreErrors.Missing, Failures.CodeOf(() => KeyStore.Open(_folder["nowhere"], _secret)));

    [Theory]
    [InlineData("store")]
    [InlineData("party/party")]
    [InlineData("hosts/host")]
    public void KeyStore_AnyByteOfAnyFileFlipped_IsNoticed(string file)
    {
        // A key file instead of a passphrase: stretching a passphrase for every byte would take minutes.
        string home = _folder["home"];
        StoreSecret.CreateKeyFile(_folder["key"]);
        using StoreSecret secret = StoreSecret.FromKeyFile(_folder["key"]);
        using (KeyStore store = KeyStore.Create(home, "clinic", secret))
        {
            store.AddHost("host", Digest.Of("x"u8));
        }

        string path = Path.Combine(home, file);
        byte[] original = File.ReadAllBytes(path);
        for (int i = 0; i < original.Length; i++)
        {
            byte[] altered = [.. original];
            altered[i] ^= 0x01;
            File.WriteAllBytes(path, altered);
            Failures.CodeOf(() =>
            {
                using KeyStore store = KeyStore.Open(home, secret);
                _ = store.FindHost("host");
            });
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    [InlineData(28)]
    public void KeyStore_RecordCutShort_IsNoticed(int length)
    {
        string home = _folder["home"];
        using KeyStore store = KeyStore.Create(home, "clinic", _secret);
        store.AddHost("good:1", Digest.Of("good"u8));
        string record = Path.Combine(home, "hosts", "good:1");
        File.WriteAllBytes(record, File.ReadAllBytes(record)[..length]);

        Assert.Same(KeyStoreErrors.Damaged, Failures.CodeOf(() => store.FindHost("good:1")));
    }

    [Fact]
    public void KeyStore_RecordInAnothersPlace_IsNoticed()
    {
        string home = _folder["home"];
        using KeyStore store = KeyStore.Create(home, "clinic", _secret);
        store.AddHost("good:1", Digest.Of("good"u8));
        store.AddHost("evil:1", Digest.Of("evil"u8));
        File.Copy(Path.Combine(home, "hosts", "evil:1"), Path.Combine(home, "hosts", "good:1"), overwrite: true);

        Assert.Same(KeyStoreErrors.Damaged, Failures.CodeOf(() => store.FindHost("good:1")));
    }

    [Fact]
    public void KeyStore_UnknownStream_HasNoKey()
    {
        using KeyStore store = KeyStore.Create(_folder["home"], "clinic", _secret);
        Assert.Same(KeyStoreErrors.NoStreamKey, Failures.CodeOf(() => store.StreamKeyOf(Digest.Of("x"u8))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Clinic")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a/../b")]
    public void KeyStore_NameThatIsNone_IsRefusedBeforeAnythingIsWritten(string name)
    {
        Assert.Same(PartyErrors.NameInvalid, Failures.CodeOf(() => KeyStore.Create(_folder["home"], name, _secret)));
        Assert.False(Directory.Exists(_folder["home"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("seven77")]
    public void Passphrase_TooShort_IsRefused(string passphrase) =>
        Assert.Same(KeyStoreErrors.BadPassphrase, Failures.CodeOf(() => StoreSecret.FromPassphrase(passphrase)));

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("orchestrator-key-file-v1:AAAA")]
    public void KeyFile_ThatIsNone_IsRefused(string content) =>
        Assert.Same(KeyStoreErrors.BadKeyFile, Failures.CodeOf(() => StoreSecret.FromKeyFile(_folder.Write("key", content))));
}
