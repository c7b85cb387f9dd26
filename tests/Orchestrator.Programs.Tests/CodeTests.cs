namespace Orchestrator.Programs.Tests;

/// <summary>Code that does what it may not.</summary>
public sealed class CodeTests
{
    /// <summary>Every operator that the table refuses, named as PyTorch would print it.</summary>
    public static TheoryData<string> RefusedOperators { get; } =
    [
        .. OperatorTable.Default.Rules.Where(rule => !rule.Value.IsAdmitted && rule.Key != "print")
            .Select(rule => rule.Key.StartsWith("prim.", StringComparison.Ordinal) ? $"ops.{rule.Key}" : $"torch.{rule.Key}"),
    ];

    [Theory]
    [MemberData(nameof(RefusedOperators))]
    public void Verify_RefusedOperator_IsNamedWithFileAndLine(string name)
    {
        // `torch.warn` alone on its line is taken out; used as a value it is refused.
        var refusal = TestArchive.AssertRefused(ProgramErrors.OperatorRefused, TestArchive.OfForward("pass", $"y = {name}(x)"));
        Assert.Contains($"code/__torch__.py, line {TestArchive.FirstLine + 1}: the operator {name} is not admitted: ", refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Remedy);
    }

    [Theory]
    [InlineData("y = torch.no_such_operator(x)")]
    [InlineData("y = torch.nn.functional.relu(x)")]
    [InlineData("y = torch.autograd.backward([x])")]
    [InlineData("y = torch.autograd.empty([1])")]
    [InlineData("y = ops.aten.empty([1])")]
    [InlineData("y = ops.aten.aten.add(x, x)")]
    [InlineData("y = ops.quantized.add(x, x, 1., 0)")]
    [InlineData("y = ops.prims.as_strided(x, [1], [1], 0)")]
    [InlineData("y = ops.profiler._record_function_enter(\"a\")")]
    [InlineData("y = ops.mine.read(x)")]
    [InlineData("y = ops.relu(x)")]
    [InlineData("y = (torch)(x)")]
    [InlineData("y = (torch.warn)(\"a\")")]
    [InlineData("print(x)")]
    [InlineData("y = open(\"/etc/passwd\")")]
    [InlineData("y = eval(\"1\")")]
    [InlineData("y = __import__(\"os\")")]
    [InlineData("y = fork(x)")]
    [InlineData("y = len([x])")]
    [InlineData("y = range(3)")]
    public void Verify_WhatIsNoAdmittedOperator_IsRefused(string statement) =>
        TestArchive.AssertRefused(ProgramErrors.OperatorRefused, TestArchive.OfForward(statement));

    [Theory]
    [InlineData("n = torch.empty([2], dtype=6)", "y = torch.bernoulli_(n, 0.5)")]
    [InlineData("n = torch.new_empty(x, [2, 1])", "y = torch.mul(x, torch.bernoulli_(n, torch.sub(1., 0.5)))")]
    [InlineData("n = torch.empty_like(x, dtype=6, layout=0)", "y = torch.neg(torch.log(torch.exponential_(n)))")]
    [InlineData("n = torch.empty_like(x)", "torch.normal_(n)")]
    [InlineData("n = torch.empty_like(x)", "y, z = torch.zero_(n), torch.add(n, n)")]
    public void Verify_MemoryThatTheNextStatementFills_IsAdmitted(params string[] statements) =>
        VerifiedProgram.Verify(TestArchive.OfForward(statements));

    [Theory]
    [InlineData("n = torch.empty([2])")]
    [InlineData("n = torch.empty([2])", "y = torch.neg(n)", "y0 = torch.zero_(n)")]
    [InlineData("n = torch.empty([2])", "y = torch.zero_(x)")]
    [InlineData("n = torch.empty([2])", "y = torch.fill_(x, torch.sum(n))")]
    [InlineData("n = torch.empty([2])", "y = torch.fill_(n, torch.sum(n))")]
    [InlineData("n = torch.empty([2])", "y = torch.add(n, torch.zero_(n))")]
    [InlineData("n = torch.empty([2])", "y = torch.add(torch.neg(n), torch.zero_(n))")]
    [InlineData("n = torch.empty([2])", "y = torch.cat([n, torch.zero_(n)])")]
    [InlineData("n = torch.empty([2])", "y, z = torch.neg(n), torch.zero_(n)")]
    [InlineData("n = torch.empty([2])", "y = torch.zero_(torch.slice(n, 0, 0, 1))")]
    [InlineData("n = torch.empty([2])", "y = torch.zero_(n[0])")]
    [InlineData("n = torch.empty([2])", "y = torch.copy_(n, x)")]
    [InlineData("n = torch.empty([2])", "if True:", "  y = torch.zero_(n)", "else:", "  y = n")]
    [InlineData("n = ops.aten.empty([2])", "y = torch.zero_(n)")]
    [InlineData("n = torch.empty_strided([2], [1])", "y = torch.zero_(n)")]
    [InlineData("n = [torch.empty([2])]", "y = torch.zero_(n[0])")]
    [InlineData("n, m = torch.empty([2]), x", "y = torch.zero_(n)")]
    [InlineData("y = torch.zero_(torch.empty([2]))")]
    public void Verify_MemoryThatSomethingCouldReadUnwritten_IsRefused(params string[] statements) =>
        TestArchive.AssertRefused(ProgramErrors.OperatorRefused, TestArchive.OfForward(statements));

    [Theory]
    [InlineData("y = (x).resize_([1000000])")] // a tensor's method is an operator by another name
    [InlineData("y = (x).add(x)")]
    [InlineData("y = (torch.neg(x)).set_(x)")]
    [InlineData("y = x.data")]
    [InlineData("y = x.grad")]
    [InlineData("y = getattr(x, \"data\")")]
    [InlineData("f = torch.add")]
    [InlineData("f = torch.empty")]
    [InlineData("f = ops.aten.empty")]
    [InlineData("torch = x")]
    [InlineData("annotate = x")]
    [InlineData("y = [torch.add][0](x, x)")]
    [InlineData("y = z")]
    [InlineData("y = CONSTANTS.c0")]
    [InlineData("y = CONSTANTS.c-1")]
    [InlineData("y = __torch__.other(x)")]
    [InlineData("y = __torch__.torch.classes.mine.Box(x)")]
    [InlineData("y = unchecked_cast(__torch__.torch.classes.mine.Box, x)")]
    [InlineData("y = annotate(Future[Tensor], x)")]
    [InlineData("y = torch.device(\"cuda\")")]
    [InlineData("y = torch.device(\"meta\")")]
    [InlineData("d = \"cpu\"; y = torch.device(d)")]
    [InlineData("y = torch.to(x, \"meta\")")]
    [InlineData("y = torch.zeros([1], dtype=6, layout=None, device=\"meta\", pin_memory=False)")]
    [InlineData("y = torch.zeros([1], dtype=6, layout=1, device=None, pin_memory=False)")]
    [InlineData("y = torch.zeros([1], dtype=6, layout=None, device=None, pin_memory=True)")]
    [InlineData("y = torch.rand([1], generator=x)")]
    [InlineData("y = x + x")]
    [InlineData("y = x @ x")]
    [InlineData("y = -x")]
    [InlineData("y = [z for z in x]")]
    [InlineData("y = lambda: x")]
    [InlineData("y = f\"{x}\"")]
    [InlineData("y = 'text'")]
    [InlineData("y = \"\"\"text\"\"\"")]
    [InlineData("y = x # comment")]
    [InlineData("y = torch.neg(\\")]
    [InlineData("import os")]
    [InlineData("from os import system")]
    [InlineData("global x")]
    [InlineData("del x")]
    [InlineData("assert x")]
    [InlineData("raise x")]
    [InlineData("break")]
    [InlineData("x[0] = 1")]
    [InlineData("y = x if x else x")]
    [InlineData("y = 0x10")]
    [InlineData("y = 1j")]
    [InlineData("y = 9223372036854775808")]
    [InlineData("y: Nothing = x")]
    [InlineData("\ty = x")]
    [InlineData(" y = x")] // half a level deeper
    [InlineData("    y = x")] // two levels deeper
    [InlineData("pass\n   y = x")]
    [InlineData("pass\n  ")]
    [InlineData("y = annotate(Tensor, x, of=x)")]
    [InlineData("y = int(x, base=x)")]
    [InlineData("y = \"\u00e9\"")]
    [InlineData("y = x\u00a0")]
    [InlineData("x.weight = x")]
    [InlineData("self.weight = x")]
    [InlineData("y = self.weight")]
    [InlineData("y = (self).backward(x, )")]
    [InlineData("y = torch.view(x, 6)")]
    public void Verify_WhatPyTorchDoesNotPrint_IsRefused(string statement)
    {
        var source = TestArchive.OfCode(
            "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    " + statement + "\n    return x\n");
        var refusal = TestArchive.AssertRefused(ProgramErrors.CodeRefused, source);
        Assert.Contains("code/__torch__.py, line ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("while True:\n      pass")]
    [InlineData("c = True\n    while c:\n      pass")]
    [InlineData("c = True\n    while c:\n      c = bool(torch.gt(torch.sum(x), 0))")]
    [InlineData("for i in range(9223372036854775807):\n      pass")]
    [InlineData("for i in range(1048577):\n      pass")]
    [InlineData("for i in range(int(torch.sum(x))):\n      pass")]
    [InlineData("n = 1\n    for i in range(3):\n      n = torch.mul(n, 1000)\n    for j in range(n):\n      pass")]
    [InlineData("i = 0\n    c = True\n    while c:\n      c = torch.lt(i, 3)")] // the counter stands still
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, 0)\n      c, i = torch.lt(j, 3), j")]
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, -1)\n      c, i = torch.lt(j, 3), j")]
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, 1)\n      c, i = torch.lt(j, 9223372036854775807), j")]
    [InlineData("i = 0\n    n = 3\n    c = True\n    while c:\n      j = torch.add(i, 1)\n      n = torch.add(n, 1)\n      c, i = torch.lt(j, n), j")] // the limit runs ahead
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, 1)\n      c, i = torch.lt(j, 3), 0")] // the counter is set back
    [InlineData("i = 0\n    c = True\n    b = True\n    while c:\n      j = torch.add(i, 1)\n      if b:\n        i = 0\n      else:\n        i = j\n      c = torch.lt(j, 3)")]
    [InlineData("i = 0\n    c = True\n    b = torch.lt(i, 3)\n    while c:\n      j = torch.add(i, 1)\n      c, i = b, j")] // the condition is not computed again
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, 1)\n      c, i = torch.__or__(torch.lt(j, 3), True), j")]
    public void Verify_LoopWithoutALimit_IsRefused(string statements) =>
        Assert.Contains("code/__torch__.py, line ", TestArchive.AssertRefused(ProgramErrors.Unbounded, TestArchive.OfForward(statements.Split("\n    "))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("for i in range(1048576):\n      pass")]
    [InlineData("for i in range(torch.size(x, 0)):\n      pass")]
    [InlineData("for i in range((torch.size(x))[1]):\n      pass")]
    [InlineData("n = torch.len([x])\n    for i in range(torch.sub(n, 2)):\n      pass")]
    [InlineData("for i in range(ops.prim.min([9223372036854775807, torch.len([x])])):\n      pass")]
    [InlineData("i = 0\n    c = True\n    while c:\n      j = torch.add(i, 1)\n      c, i = torch.lt(j, 3), j")]
    [InlineData("i = 0\n    c = True\n    while c:\n      if bool(torch.gt(torch.sum(x), i)):\n        b = False\n      else:\n        b = True\n      j = torch.add(i, 1)\n      d = torch.__and__(torch.lt(j, torch.size(x, 0)), b)\n      c, i = d, j")]
    public void Verify_LoopWithALimit_IsAdmitted(string statements) => VerifiedProgram.Verify(TestArchive.OfForward(statements.Split("\n    ")));

    [Fact]
    public void Verify_Recursion_IsRefused()
    {
        const string Functions = "\ndef f(x: Tensor) -> Tensor:\n  return __torch__.g(x, )\ndef g(x: Tensor) -> Tensor:\n  h = __torch__.f\n  return h(x, )\n";
        var refusal = TestArchive.AssertRefused(ProgramErrors.Unbounded, TestArchive.OfCode(Module("    return __torch__.f(x, )\n") + Functions));
        Assert.Contains("__torch__.f calls __torch__.g calls __torch__.f", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_MethodThatCallsItself_IsRefused() =>
        TestArchive.AssertRefused(ProgramErrors.Unbounded, TestArchive.OfCode(Module("    return (self).forward(x, )\n")));

    [Fact]
    public void Verify_IndexOfAnUnknownValue_CountsAsACallOfItsMethod() => TestArchive.AssertRefused(
        ProgramErrors.Unbounded,
        TestArchive.OfCode(Module(
            "    return (self).again(x, )\n",
            "  def __getitem__(self, i: int) -> Tensor:\n    return (self).forward(i, )\n  def again(self, x: Tensor) -> Tensor:\n    y = torch.neg(x)\n    return (y)[0]\n")));

    [Theory]
    [InlineData("__setstate__", "state: Tensor")]
    [InlineData("__getstate__", "")]
    [InlineData("__bool__", "")]
    [InlineData("__lt__", "other: Tensor")]
    public void Verify_MethodThatLibtorchCallsUnasked_IsRefused(string method, string parameter) => TestArchive.AssertRefused(
        ProgramErrors.CodeRefused, TestArchive.OfCode(Module("    return x\n", $"  def {method}(self, {parameter}) -> NoneType:\n    return None\n".Replace(", )", ")", StringComparison.Ordinal))));

    [Theory]
    [InlineData("__forward_hooks__ = [\"f\", ]")]
    [InlineData("__forward_pre_hooks__ = [\"f\", ]")]
    public void Verify_Hooks_AreRefused(string line) =>
        TestArchive.AssertRefused(ProgramErrors.CodeRefused, TestArchive.OfCode($"class M(Module):\n  __parameters__ = []\n  {line}\n  def forward(self, x: Tensor) -> Tensor:\n    return x\n"));

    [Theory]
    [InlineData("Tuple[Tensor, Tensor]", "Optional[Tuple[Tensor, Tensor]]", true)]
    [InlineData("Tuple[Tensor, Tensor]", "Tuple[Tensor, Tensor]", true)]
    [InlineData("Tuple[Tensor, Tensor]", "Tuple[Tensor]", false)]
    [InlineData("Tuple[Tensor, Tensor]", "Any", false)]
    [InlineData("__torch__.N", "Any", false)]
    [InlineData("__torch__.N", "__torch__.M", false)]
    [InlineData("__torch__.N", "Optional[__torch__.N]", true)]
    [InlineData("List[Tuple[int, int]]", "List[int]", false)]
    [InlineData("Tensor", "Any", true)]
    [InlineData("int", "Optional[int]", true)]
    public void Verify_UncheckedCast_IsBelievedOnlyWhereLibtorchLooksAgain(string to, string from, bool isAdmitted)
    {
        var archive = TestArchive.OfCode(
            Module("    return x\n", $"  def f(self, v: {from}) -> NoneType:\n    y = unchecked_cast({to}, v)\n    return None\n")
            + "class N:\n  a : int\n");
        if (isAdmitted)
        {
            VerifiedProgram.Verify(archive);
        }
        else
        {
            TestArchive.AssertRefused(ProgramErrors.CodeRefused, archive);
        }
    }

    [Fact]
    public void Verify_NoForward_IsRefused() =>
        TestArchive.AssertRefused(ProgramErrors.NoForward, TestArchive.OfCode("class M(Module):\n  __parameters__ = []\n  def other(self, x: Tensor) -> Tensor:\n    return x\n"));

    [Fact]
    public void Verify_ExpressionTooDeep_IsRefused() =>
        TestArchive.AssertRefused(ProgramErrors.TooLarge, TestArchive.OfForward($"y = {new string('(', 100000)}x{new string(')', 100000)}"));

    [Fact]
    public void Verify_BlocksTooDeep_AreRefused() => TestArchive.AssertRefused(
        ProgramErrors.TooLarge,
        TestArchive.OfForward([.. Enumerable.Range(0, 1000).Select(level => new string(' ', 2 * level) + "if True:"), new string(' ', 2000) + "pass"]));

    [Fact]
    public void Verify_ChainOfCallsTooLong_IsRefused()
    {
        var functions = string.Concat(Enumerable.Range(0, 5000).Select(index => $"def f{index}(x: Tensor) -> Tensor:\n  return __torch__.f{index + 1}(x, )\n"));
        TestArchive.AssertRefused(ProgramErrors.TooLarge, TestArchive.OfCode(Module("    return __torch__.f0(x, )\n") + functions + "def f5000(x: Tensor) -> Tensor:\n  return x\n"));
    }

    private static string Module(string forward, string more = "") =>
        "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n" + forward + more;
}
