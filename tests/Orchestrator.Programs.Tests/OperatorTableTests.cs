namespace Orchestrator.Programs.Tests;

/// <summary>The table says something of every operator there is.</summary>
public sealed class OperatorTableTests
{
    [Fact]
    public void Rules_NameEveryOperatorOfPyTorch()
    {
        var operators = Models.Python("operators.py").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(operators.Length > 1500);
        Assert.Empty(operators.Except(OperatorTable.Default.Rules.Keys));
        Assert.All(OperatorTable.Default.Rules, rule => Assert.True(rule.Value.Reason.Length > 5, rule.Key));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("empty_like")]
    [InlineData("empty_strided")]
    [InlineData("new_empty")]
    [InlineData("as_strided")]
    [InlineData("set_")]
    [InlineData("resize_")]
    [InlineData("resize_as_")]
    [InlineData("from_file")]
    [InlineData("save")]
    [InlineData("print")]
    [InlineData("manual_seed")]
    [InlineData("prim.Uninitialized")]
    [InlineData("prim.unchecked_cast")]
    [InlineData("no_such_operator")]
    public void RuleOf_WhatIsDangerous_Refuses(string name) => Assert.False(OperatorTable.Default.RuleOf(name).IsAdmitted);
}
