using System.Reflection;
using System.Text.RegularExpressions;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Errors;

public class ErrorCodeTests
{
    private static readonly ErrorCode[] AllCodes =
    [
        .. typeof(ErrorCode).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.FieldType == typeof(ErrorCode))
            .Select(field => (ErrorCode)field.GetValue(null)!),
    ];

    [Fact]
    public void Codes_OfThisAssembly_AreWellFormedAndUnique()
    {
        Assert.NotEmpty(AllCodes);
        Assert.All(AllCodes, code =>
        {
            Assert.Matches(new Regex("^[a-z0-9]+(-[a-z0-9]+)+$"), code.Id);
            Assert.EndsWith(".", code.Meaning, StringComparison.Ordinal);
            Assert.EndsWith(".", code.Remedy, StringComparison.Ordinal);
            Assert.True(Enum.IsDefined(code.Class), code.Id);
            Assert.Equal(code.Id, code.ToString());
        });
        Assert.Distinct(AllCodes.Select(code => code.Id));
    }

    /// <summary>Scripts depend on these numbers.</summary>
    [Fact]
    public void Classes_AsExitCodes_NeverChange() =>
        Assert.Equal(
            "Internal=1 Usage=2 Input=3 Integrity=4 Refused=5 NotFound=6 Conflict=7 Unavailable=8 JobFailed=9 Storage=10",
            string.Join(' ', Enum.GetValues<ErrorClass>().Select(c => $"{c}={(int)c}")));

    [Fact]
    public void Remedy_NotGiven_IsTheCodes()
    {
        ErrorCode code = AllCodes[0];
        Assert.Equal(code.Remedy, new OrchestratorException(code, "message").Remedy);
        Assert.Equal("other", new OrchestratorException(code, "message", "other").Remedy);
    }
}
