using Orchestrator.Containers.Patterns;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Tests.Patterns;

public sealed class TextSetTests
{
    [Theory]
    [InlineData("A=1|LD_PRELOAD=.*", "LD_PRELOAD=.*", "LD_PRELOAD=")]
    [InlineData("[A-Z_]+=[0-9]", "LD_PRELOAD=.*", "LD_PRELOAD=0")]
    [InlineData("(?i)ld_preload=x", "LD_PRELOAD=.*", "LD_PRELOAD=x")]
    [InlineData("PATH_.+=.*", "PATH=.*", null)]
    [InlineData("A=.*", "(?s)A=.*\\n.*", null)]
    [InlineData("a^b", "(?s).*", null)]
    [InlineData("(?m)a$\\n^b", "(?s).*", "a\nb")]
    [InlineData("a\\bb", "(?s).*", null)]
    [InlineData("a\\b-b", "(?s).*", "a-b")]
    [InlineData("a\\b", "(?s).*", "a")]
    [InlineData("[^\\x00-\\x{10FFFF}]", "(?s).*", null)]
    [InlineData("", "", "")]
    public void A_shortest_text_of_both_is_found(string left, string right, string? expected)
    {
        TextSearchResult result = Matching(left).And(Matching(right)).Shortest();

        Assert.True(result.Decided);
        Assert.Equal(expected, result.Text);
    }

    [Theory]
    [InlineData("[a-c]+", "[a-z]*", true)]
    [InlineData("[a-c]*", "[a-z]+", false)]
    [InlineData("(a|b)*", "(a*b*)*", true)]
    [InlineData("a{2,4}", "a{2}|a{3}|a{4}", true)]
    [InlineData("a{2,5}", "a{2}|a{3}|a{4}", false)]
    [InlineData(".+", "(?s).+", true)]
    [InlineData("(?s).+", ".+", false)]
    [InlineData("\\w+", "[0-9A-Za-z_]+", true)]
    [InlineData("(?i)sh", "sh|SH", false)]
    [InlineData("/tmp/.+", "/tmp/[^.]+", false)]
    public void Inclusion_is_decided(string inner, string outer, bool included)
    {
        TextSearchResult stranger = Matching(inner).Except(Matching(outer)).Shortest();

        Assert.True(stranger.Decided);
        Assert.Equal(included, stranger.Text is null);
        Assert.True(included || (Re2Pattern.Parse(inner).IsMatch(stranger.Text!) && !Re2Pattern.Parse(outer).IsMatch(stranger.Text!)));
    }

    [Theory]
    [InlineData("LD_.*", "x", "LD_=x")]
    [InlineData("A|B=1", "1", "A=1")]
    [InlineData("B=1", "1", null)]
    [InlineData("^A$", "^.=$", "A=x=")]
    public void The_first_equals_sign_separates_name_and_value(string name, string value, string? expected)
    {
        var rule = new EnvironmentRule.NameAndValue(TextRule.Matching(name), TextRule.Matching(value), false);

        Assert.Equal(expected, rule.Variables.Shortest().Text);
        Assert.True(expected is null || rule.Permits(expected));
    }

    [Fact]
    public void A_search_that_would_take_too_long_says_so()
    {
        TextSearchResult result = Matching("(?s)(.*a.{18})").Except(Matching("(?s)(.*b.{18}|.*a.{18})")).Shortest();

        Assert.False(result.Decided);
        Assert.False(result.IsEmpty);
    }

    [Fact]
    public void A_pattern_that_is_too_large_alone_leaves_every_question_open()
    {
        Assert.True(Re2Pattern.Parse("(.*a.{14}|.*b.{12})*").IsLarge);
        Assert.False(Re2Pattern.Parse("[a-zA-Z_][a-zA-Z0-9_]{0,255}=.*").IsLarge);
        Assert.False(Matching("(.*a.{14}|.*b.{12})*").Shortest().Decided);
    }

    // Every text of up to three characters, against the matcher that the engine uses.
    [Theory]
    [InlineData("^a*$|b\\B", "(?:a|b)\\b.?")]
    [InlineData("(?m)^a$|\\n", "a?\\n?")]
    [InlineData("\\Ba\\B|a\\b", ".|")]
    [InlineData("[^a]+", "(?s).{2}")]
    public void The_automata_agree_with_the_matcher(string left, string right)
    {
        string[] texts = [.. Words(3)];
        string? shortest = texts.Where(text => Re2Pattern.Parse(left).IsMatch(text) && !Re2Pattern.Parse(right).IsMatch(text)).MinBy(text => text.Length);
        TextSearchResult found = Matching(left).Except(Matching(right)).Shortest();

        Assert.Equal(shortest?.Length, found.Text?.Length);
    }

    private static IEnumerable<string> Words(int length) =>
        length == 0 ? [""] : Words(length - 1).SelectMany(word => word.Length == length - 1 ? new[] { word, word + "a", word + "b", word + "\n", word + "-" } : [word]);

    private static TextSet Matching(string pattern) => TextSet.Matching(Re2Pattern.Parse(pattern));
}
