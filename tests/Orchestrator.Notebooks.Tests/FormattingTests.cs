using Orchestrator.Notebooks.Tests.Support;
using static Orchestrator.Notebooks.Tests.Support.Notebooks;

namespace Orchestrator.Notebooks.Tests;

/// <summary>The expected texts are those that .NET Interactive stores, without its style sheet.</summary>
public class FormattingTests
{
    [Theory]
    [InlineData("3", """<div class="dni-plaintext"><pre>3</pre></div>""")]
    [InlineData("2.5", """<div class="dni-plaintext"><pre>2.5</pre></div>""")]
    [InlineData("true", """<div class="dni-plaintext"><pre>True</pre></div>""")]
    [InlineData("TimeSpan.FromSeconds(1)", "<span>00:00:01</span>")]
    [InlineData("DayOfWeek.Friday", "<span>Friday</span>")]
    [InlineData("new DateTime(2021, 1, 4)", "<span>2021-01-04 00:00:00Z</span>")]
    [InlineData("new[] { 1, 2 }", """<div class="dni-plaintext"><pre>[ 1, 2 ]</pre></div>""")]
    [InlineData("new List<string>()", "<i>(empty)</i>")]
    [InlineData("HTML(\"<hr>\")", "<hr>")]
    [InlineData(
        "new Dictionary<int, string> { [16] = \"a<b\" }",
        """<table><thead><tr><th><i>key</i></th><th>value</th></tr></thead><tbody><tr><td><div class="dni-plaintext"><pre>16</pre></div></td><td>a&lt;b</td></tr></tbody></table>""")]
    public async Task Run_Value_IsShownAsHtml(string expression, string html) =>
        Assert.Equal(html, (await OnlyOutputAsync(expression)).Text("text/html"));

    [Fact]
    public async Task Run_Record_UnfoldsToItsProperties() =>
        Assert.Equal(
            """<details open="open" class="dni-treeview"><summary><span class="dni-code-hint"><code>P { Name = x, Value = 0 }</code></span></summary><div><table><thead><tr></tr></thead><tbody><tr><td>Name</td><td>x</td></tr><tr><td>Value</td><td><div class="dni-plaintext"><pre>0</pre></div></td></tr></tbody></table></div></details>""",
            (await OnlyOutputAsync("record P(string Name, int Value);", "new P(\"x\", 0)")).Text("text/html"));

    [Fact]
    public async Task Run_SequenceOfRecords_IsATableOfThoseThatUnfold() =>
        Assert.Equal(
            """<table><thead><tr><th><i>index</i></th><th>value</th></tr></thead><tbody><tr><td>0</td><td><details class="dni-treeview"><summary><span class="dni-code-hint"><code>P { Value = 7 }</code></span></summary><div><table><thead><tr></tr></thead><tbody><tr><td>Value</td><td><div class="dni-plaintext"><pre>7</pre></div></td></tr></tbody></table></div></details></td></tr></tbody></table>""",
            (await OnlyOutputAsync("record P(int Value);", "new[] { new P(7) }")).Text("text/html"));

    [Fact]
    public async Task DisplayTable_Records_AreRowsAsHtmlAndCsv()
    {
        var output = await OnlyOutputAsync("new[] { new { epoch = 1, note = \"a, \\\"b\\\"\" }, new { epoch = 2, note = \"c\" } }.DisplayTable();");

        Assert.Equal(
            """<table><thead><tr><td><span>epoch</span></td><td><span>note</span></td></tr></thead><tbody><tr><td><div class="dni-plaintext"><pre>1</pre></div></td><td>a, &quot;b&quot;</td></tr><tr><td><div class="dni-plaintext"><pre>2</pre></div></td><td>c</td></tr></tbody></table>""",
            output.Text("text/html"));
        Assert.Equal("epoch,note\n1,\"a, \"\"b\"\"\"\n2,c\n", output.Text("text/csv"));
    }

    [Fact]
    public async Task Run_LongSequence_SaysHowManyMore() =>
        Assert.Contains("19, ... (5 more) ]", (await OnlyOutputAsync("Enumerable.Range(0, 25)")).Text("text/html"), StringComparison.Ordinal);

    [Fact]
    public async Task Run_ObjectThatContainsItself_EndsSomewhere() =>
        Assert.NotNull((await OnlyOutputAsync("class Loop { public Loop Self => this; }", "new Loop()")).Text("text/html"));

    [Fact]
    public async Task Run_PropertyThatThrows_ShowsWhatItThrew() =>
        Assert.Contains("no value", (await OnlyOutputAsync("class Odd { public int Value => throw new Exception(\"no value\"); }", "new Odd()")).Text("text/html"), StringComparison.Ordinal);

    [Fact]
    public async Task Register_OwnFormatter_IsUsedForTheTypeAndThoseDerived()
    {
        const string types = "class Base { }\nclass Derived : Base { }\nMicrosoft.DotNet.Interactive.Formatting.Formatter.Register<Base>(b => \"<u>base</u>\", \"text/html\");";

        Assert.Equal("<u>base</u>", (await OnlyOutputAsync(types, "new Derived()")).Text("text/html"));
    }

    [Fact]
    public async Task Display_RepresentationWithoutFormatter_Fails() =>
        Assert.NotNull((await RunAsync("display(1, \"image/png\");"))[0].Failure);
}
