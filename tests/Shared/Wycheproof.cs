using System.Text.Json;

namespace Orchestrator.Tests;

/// <summary>One file of the Wycheproof project's vectors, beside the tree in <c>../shared/vectors/wycheproof</c>.</summary>
/// <remarks>Where that folder is absent, the test that asks for it is skipped.</remarks>
internal sealed class Wycheproof : IDisposable
{
    private readonly JsonDocument _document;

    private Wycheproof(JsonDocument document) => _document = document;

    public static Wycheproof Open(string name)
    {
        string path = Path.Combine(Tree.Root, "..", "shared", "vectors", "wycheproof", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not beside the tree.");
        return new Wycheproof(JsonDocument.Parse(File.ReadAllBytes(path)));
    }

    /// <summary>
    /// Gives every test with its group to <paramref name="judge"/>, which returns whether it passed, and asserts that all
    /// did and that none of the tests that the file counts was left out.
    /// </summary>
    public void Check(Func<JsonElement, JsonElement, bool> judge)
    {
        var failures = new List<string>();
        int count = 0;
        foreach (JsonElement group in _document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                count++;
                if (!judge(group, test))
                {
                    failures.Add($"tcId {test.GetProperty("tcId")}: {test.GetProperty("comment")}");
                }
            }
        }

        Assert.Empty(failures);
        Assert.NotEqual(0, count);
        Assert.Equal(_document.RootElement.GetProperty("numberOfTests").GetInt32(), count);
    }

    public void Dispose() => _document.Dispose();
}

/// <summary>Reads the properties of vectors.</summary>
internal static class VectorElement
{
    public static byte[] Hex(this JsonElement element, string property) =>
        Convert.FromHexString(element.GetProperty(property).GetString()!);

    public static bool Has(this JsonElement test, string flag) =>
        test.GetProperty("flags").EnumerateArray().Any(f => f.GetString() == flag);

    /// <summary>The verdict that the file gives: <c>valid</c>, <c>invalid</c> or <c>acceptable</c>.</summary>
    public static string Result(this JsonElement test) => test.GetProperty("result").GetString()!;
}
