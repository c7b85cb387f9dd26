using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Containers.Patterns;

namespace Orchestrator.Containers.Tests.Patterns;

public sealed class Re2PatternTests
{
    [Theory]
    [InlineData("PREFIX_.+=.+", "PREFIX_A=1")]
    [InlineData("A=1|B=2", "B=2")]
    [InlineData("^A=.*$", "A=")]
    [InlineData("[A-Za-z_]{1,8}", "Ab_c")]
    [InlineData("x{,3}", "x{,3}")]
    [InlineData("a{2,}", "aaaa")]
    [InlineData(@"\d+\.\w+", "12.a_9")]
    [InlineData("[[:alpha:]][^[:digit:]]", "ax")]
    [InlineData(@"\pL\p{Nd}\PN", "Ä4x")]
    [InlineData(@"\p{^L}", "1")]
    [InlineData(@"[\d-]+", "1-2")]
    [InlineData("[]a]+", "]a")]
    [InlineData(@"\Q.*\E+", ".**")]
    [InlineData("(?i)Key", "kEy")]
    [InlineData("(?i)(FABRIC)_.+=.+", "Fabric_Id=1")]
    [InlineData("T(E)?MP=.+", "TMP=/tmp")]
    [InlineData("(?i)k", "\u212A")]
    [InlineData("(?s).", "\n")]
    [InlineData("(?m)a$\nb", "a\nb")]
    [InlineData(@"\bword\b", "word")]
    [InlineData(@"\x41\x{1F600}\101", "A😀A")]
    [InlineData("(?P<name>a)(?<other>b)(?:c)", "abc")]
    [InlineData("(a*)*b", "aaab")]
    [InlineData("", "")]
    public void A_whole_text_matches(string pattern, string text) => Assert.True(Re2Pattern.Parse(pattern).IsMatch(text));

    [Theory]
    [InlineData("PREFIX_.+=.+", "XPREFIX_A=1")]
    [InlineData("A=1|B=2", "A=1;evil")]
    [InlineData("A=1|B=2", "evil;B=2")]
    [InlineData("^A=1|B=2$", "A=1;evil")]
    [InlineData("A=1$", "A=1\n")]
    [InlineData("a.c", "a\nc")]
    [InlineData(@"\d", "\u0664")]
    [InlineData(@"\w", "ä")]
    [InlineData(@"\s", "\v")]
    [InlineData("a{2,3}", "aaaa")]
    [InlineData("(?i)[^k]", "K")]
    [InlineData("a", "")]
    public void Part_of_a_text_does_not(string pattern, string text) => Assert.False(Re2Pattern.Parse(pattern).IsMatch(text));

    [Theory]
    [InlineData("a(b")]
    [InlineData("a)b")]
    [InlineData("[a")]
    [InlineData("[z-a]")]
    [InlineData("*a")]
    [InlineData("a**")]
    [InlineData("a{2}{3}")]
    [InlineData("a{1001}")]
    [InlineData("a{3,2}")]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)")]
    [InlineData("(?<!a)")]
    [InlineData("(?>a)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\Z")]
    [InlineData(@"\C")]
    [InlineData(@"\pX")]
    [InlineData(@"\p{Greek}")]
    [InlineData("[[:letters:]]")]
    [InlineData(@"\x{110000}")]
    [InlineData(@"\")]
    [InlineData("(?z)")]
    [InlineData("(?P<>a)")]
    [InlineData("((((a{100}){100}){100}){100})")]
    [InlineData("(?i)ä")]
    public void What_RE2_would_not_take_is_refused(string pattern) => Assert.Throws<FormatException>(() => Re2Pattern.Parse(pattern));

    [Fact]
    public void A_hostile_pattern_and_text_take_linear_time()
    {
        var pattern = Re2Pattern.Parse("(a*)*(a|aa)*(a?){50}b");

        Assert.False(pattern.IsMatch(new string('a', 20_000)));
    }

    [Fact]
    public void Random_patterns_match_what_their_definition_says()
    {
        Gen<string> texts = Gen.Elements('a', 'b', '1', '\n').ListOf().Select(letters => string.Concat(letters.Take(16)));
        Prop.ForAll(Gen.Sized(size => DefinedPattern.Any(Math.Min(size, 5))).ToArbitrary(), texts.ToArbitrary(), (pattern, text) =>
            Re2Pattern.Parse(pattern.Text).IsMatch(text) == pattern.IsMatch(text)).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }
}
