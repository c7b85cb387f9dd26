namespace NSec.Cryptography;

/// <summary>The checks that exports of keys and shared secrets have in common.</summary>
internal static class KeyBlob
{
    public static void RequireExport(KeyExportPolicies policy, bool exported)
    {
        if ((policy & KeyExportPolicies.AllowPlaintextExport) != 0)
        {
            return;
        }

        if ((policy & KeyExportPolicies.AllowPlaintextArchiving) == 0)
        {
            throw new InvalidOperationException("The export policy does not allow the secret to be exported.");
        }

        if (exported)
        {
            throw new InvalidOperationException("The secret can be exported only once, and has been.");
        }
    }

    public static ArgumentException NotSupported(string parameter) => new("The format is not supported.", parameter);

    public static FormatException Invalid() => new("The blob is not in the correct format.");
}
