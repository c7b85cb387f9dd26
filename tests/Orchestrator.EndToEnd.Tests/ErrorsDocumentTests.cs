using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>docs/errors.md is the code's error codes, no more and no less. ORCHESTRATOR_WRITE_DOCS=1 writes it anew.</summary>
public sealed partial class ErrorsDocumentTests
{
    private const string Introduction = """
        # Error codes

        Every failure has a code that stays the same from version to version, says what happened and what to do about it, and
        ends a command with the exit code of its class. `--json` prints code, message and remedy for machines; gRPC calls carry
        them in the trailer `orchestrator-error-bin`.

        | exit code | class | what it means |
        | --- | --- | --- |
        | 0 | | success |
        | 1 | Internal | a defect of the software |
        | 2 | Usage | the command line or configuration is wrong |
        | 3 | Input | a file or message is not what its format says |
        | 4 | Integrity | something was altered, replayed, or opened with the wrong key |
        | 5 | Refused | a policy says no |
        | 6 | NotFound | not there, or not yours to see |
        | 7 | Conflict | not in this state, or not a second time |
        | 8 | Unavailable | somebody is away: host, device, tiles, agent |
        | 9 | JobFailed | the job ran and failed |
        | 10 | Storage | disk full, or not readable or writable |
        | 130 | | interrupted |


        """;

    [Fact]
    public void Document_ListsEveryCodeOfTheCode()
    {
        string path = Repository.PathOf("docs", "errors.md");
        string expected = Write(AllCodes());
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void Codes_AreUniqueWordsAndHyphens()
    {
        IReadOnlyList<ErrorCode> codes = AllCodes();

        Assert.True(codes.Count > 50, $"only {codes.Count} codes were found");
        Assert.Equal(codes.Count, codes.Select(code => code.Id).Distinct().Count());
        Assert.All(codes, code => Assert.Matches(CodeForm(), code.Id));
        Assert.All(codes, code => Assert.True(code.Meaning.EndsWith('.') && code.Remedy.Length > 10, code.Id));
    }

    private static IReadOnlyList<ErrorCode> AllCodes() =>
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*rchestrator*.dll")
            .Where(path => !Path.GetFileName(path).Contains("Tests", StringComparison.Ordinal))
            .SelectMany(path => Assembly.LoadFrom(path).GetTypes())
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.FieldType == typeof(ErrorCode))
            .Select(field => (ErrorCode)field.GetValue(null)!)
            .OrderBy(code => code.Id, StringComparer.Ordinal),
    ];

    private static string Write(IEnumerable<ErrorCode> codes)
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        foreach (IGrouping<string, ErrorCode> area in codes.GroupBy(code => code.Id.Split('-')[0]))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {area.Key}\n\n| code | class | exit | meaning | remedy |\n| --- | --- | --- | --- | --- |\n");
            foreach (ErrorCode code in area)
            {
                text.Append(CultureInfo.InvariantCulture, $"| `{code.Id}` | {code.Class} | {(int)code.Class} | {code.Meaning} | {code.Remedy} |\n");
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)+$")]
    private static partial Regex CodeForm();
}
