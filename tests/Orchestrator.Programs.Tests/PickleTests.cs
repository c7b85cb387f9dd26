using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Programs.Tests;

/// <summary>Pickles that would run something, read something or mislead the code.</summary>
public sealed class PickleTests
{
    private const string Head = "c__torch__\nM\n)\u0081}";

    [Theory]
    [InlineData("cos\nsystem\nX\u0002\0\0\0id\u0085R.")]
    [InlineData("cposix\nsystem\nX\u0002\0\0\0id\u0085R.")]
    [InlineData("cbuiltins\neval\nX\u0001\0\0\01\u0085R.")]
    [InlineData("cbuiltins\ngetattr\n)R.")]
    [InlineData("c__builtin__\nexec\n)R.")]
    [InlineData("csubprocess\nPopen\n)R.")]
    [InlineData("ctorch\nload\n)R.")]
    [InlineData("ctorch._utils\n_rebuild_qtensor\n)R.")]
    [InlineData("ctorch._utils\n_rebuild_sparse_tensor\n)R.")]
    [InlineData("ctorch._tensor\n_rebuild_from_type_v2\n)R.")]
    [InlineData("ctorch.distributed.rpc\nrref\n)R.")]
    [InlineData("ctorch\nQInt8Storage\n)R.")]
    [InlineData("c__main__\nTensorID\n)R.")]
    [InlineData("c__torch__.torch.classes.mine\nBox\n)\u0081}b.")]
    [InlineData("cos\nsystem\n)\u0081}b.")]
    public void Verify_ForeignName_IsRefused(string pickle) => Refuse(pickle);

    [Theory]
    [InlineData("i")] // INST
    [InlineData("o")] // OBJ
    [InlineData("P")] // PERSID
    [InlineData("0")] // POP
    [InlineData("1")] // POP_MARK
    [InlineData("2")] // DUP
    [InlineData("F")] // FLOAT in text
    [InlineData("I")] // INT in text
    [InlineData("L")] // LONG in text
    [InlineData("S")] // STRING
    [InlineData("T")] // BINSTRING
    [InlineData("U")] // SHORT_BINSTRING
    [InlineData("V")] // UNICODE
    [InlineData("g")] // GET
    [InlineData("p")] // PUT
    [InlineData("d")] // DICT
    [InlineData("l")] // LIST
    [InlineData("\u0082")] // EXT1
    [InlineData("\u008b")] // LONG4
    [InlineData("\u0092")] // NEWOBJ_EX
    [InlineData("\u0093")] // STACK_GLOBAL
    [InlineData("\u0094")] // MEMOIZE
    [InlineData("\u0095")] // FRAME
    [InlineData("\u0097")] // NEXT_BUFFER
    [InlineData("\u0080")] // PROTO again
    public void Verify_OtherOpcode_IsRefused(string opcode) =>
        Assert.Contains("opcode", Refuse($"N{opcode}\u0001\u0001\u0001\u0001.").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")] // nothing
    [InlineData("N")] // no end
    [InlineData("NN.")] // two values
    [InlineData(".")] // no value
    [InlineData("N.N")] // something after the end
    [InlineData("t.")] // no mark
    [InlineData("R.")]
    [InlineData("b.")]
    [InlineData("\u0081.")]
    [InlineData("Q.")]
    [InlineData("h\u0001.")] // never remembered
    [InlineData("Nr\u00ff\u00ff\u00ff\u007f.")] // memory for two thousand million places
    [InlineData("X\u00ff\u00ff\u00ff\u007f.")] // a text longer than the pickle
    [InlineData("X\u00ff\u00ff\u00ff\u00ff.")]
    [InlineData("K\u0001)R.")] // libtorch takes numbers for its names
    [InlineData("K\u0001}b.")]
    [InlineData("c__torch__\nM\n.")] // a name is no value
    [InlineData("c__torch__\nM\n)\u0081.")] // never built
    [InlineData("c__torch__\nM\n)\u0081}b}b.")] // built twice
    [InlineData("c__torch__\nM\n)\u0081q\u0000}b.")] // remembered before it is built
    [InlineData("c__torch__\nM\n(K\u0001t\u0081}b.")] // arguments
    [InlineData("c__torch__\nM\n)\u0081}(K\u0001K\u0001ub.")] // attributes that are no names
    [InlineData("(N(N(N.")]
    [InlineData("(]N(Kue.")]
    [InlineData("\u008a\u0009.")]
    public void Verify_BrokenPickle_IsRefused(string pickle) => TestArchive.AssertRefused(
        pickle.EndsWith("M\n.", StringComparison.Ordinal) ? ProgramErrors.NotTorchScript : ProgramErrors.PickleRefused, Archive(pickle));

    [Theory]
    [InlineData("a : int", "X\u0001\0\0\0aN")]
    [InlineData("a : int", "X\u0001\0\0\0a\u0088")]
    [InlineData("a : Tensor", "X\u0001\0\0\0aK\u0001")]
    [InlineData("a : str", "X\u0001\0\0\0aK\u0001")]
    [InlineData("a : Tuple[int, int]", "X\u0001\0\0\0aK\u0001\u0085")] // libtorch would take two from one
    [InlineData("a : Tuple[int, int]", "X\u0001\0\0\0a)")]
    [InlineData("a : __torch__.N", "X\u0001\0\0\0ac__torch__\nM\n)\u0081}b")] // a slot that M does not have
    [InlineData("a : __torch__.N", "X\u0001\0\0\0aN")]
    [InlineData("a : List[int]", "X\u0001\0\0\0a]")] // no type told
    [InlineData("a : List[int]", "X\u0001\0\0\0actorch.jit._pickle\nbuild_doublelist\n]\u0085R")]
    [InlineData("a : List[int]", "X\u0001\0\0\0actorch.jit._pickle\nbuild_intlist\n]N\u0061\u0085R")]
    [InlineData("a : Dict[str, int]", "X\u0001\0\0\0actorch.jit._pickle\nrestore_type_tag\n}X\u000e\0\0\0Dict[str, str]\u0086R")]
    [InlineData("a : Device", "X\u0001\0\0\0actorch\ndevice\nX\u0004\0\0\0cuda\u0085R")]
    [InlineData("a : int", "X\u0001\0\0\0actorch\nFloatStorage\n")] // libtorch takes the name for a number
    [InlineData("a : int", "X\u0001\0\0\0bK\u0001")]
    [InlineData("a : int", "X\u0001\0\0\0aK\u0001X\u0001\0\0\0bK\u0001")]
    [InlineData("a : int", "X\u0001\0\0\0aK\u0001X\u0001\0\0\0aK\u0001")]
    public void Verify_AttributeOfAnotherType_IsRefused(string declaration, string item) =>
        TestArchive.AssertRefused(ProgramErrors.PickleRefused, TestArchive.OfCode(Source(declaration), TestArchive.Pickle($"{Head}({item}ub.")));

    [Theory]
    [InlineData("a : int", "X\u0001\0\0\0aK\u0001")]
    [InlineData("a : Tuple[int, int]", "X\u0001\0\0\0aK\u0001K\u0001\u0086")]
    [InlineData("a : __torch__.N", "X\u0001\0\0\0ac__torch__\nN\n)\u0081}X\u0001\0\0\0xK\u0001sb")]
    [InlineData("a : Optional[int]", "X\u0001\0\0\0aN")]
    [InlineData("a : List[int]", "X\u0001\0\0\0actorch.jit._pickle\nbuild_intlist\n]K\u0001a\u0085R")]
    public void Verify_AttributeOfItsType_IsAdmitted(string declaration, string item) =>
        VerifiedProgram.Verify(TestArchive.OfCode(Source(declaration), TestArchive.Pickle($"{Head}({item}ub.")));

    [Theory]
    [InlineData(0, new long[] { 4 }, new long[] { 1 }, null)]
    [InlineData(2, new long[] { 2 }, new long[] { 1 }, null)]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 2, 1 }, null)]
    [InlineData(0, new long[] { 9, 4 }, new long[] { 0, 1 }, null)]
    [InlineData(4, new long[] { 0 }, new long[] { 1 }, null)]
    [InlineData(3, new long[] { }, new long[] { }, null)]
    [InlineData(0, new long[] { 5 }, new long[] { 1 }, "element 4")]
    [InlineData(1, new long[] { 4 }, new long[] { 1 }, "element 4")]
    [InlineData(4, new long[] { }, new long[] { }, "element 4")]
    [InlineData(5, new long[] { 0 }, new long[] { 1 }, "reads element")]
    [InlineData(0, new long[] { 2 }, new long[] { 4 }, "element 4")]
    [InlineData(-1, new long[] { 4 }, new long[] { 1 }, "negative")]
    [InlineData(0, new long[] { 4 }, new long[] { -1 }, "negative")]
    [InlineData(0, new long[] { -4 }, new long[] { 1 }, "negative")]
    [InlineData(0, new long[] { 4 }, new long[] { 1, 1 }, "dimensions")]
    [InlineData(0, new long[] { 2, 2 }, new long[] { long.MaxValue, 1 }, "more elements")]
    [InlineData(0, new long[] { 3, 3 }, new long[] { 1L << 62, 1L << 62 }, "more elements")] // wraps to 0 in 64 bits
    [InlineData(0, new long[] { 1L << 32, 1L << 32 }, new long[] { 0, 0 }, "more elements")]
    public void Verify_Tensor_LiesInItsStorage(long offset, long[] shape, long[] strides, string? refusal) =>
        AssertTensor(refusal, Tensor("FloatStorage", 4, offset, shape, strides), new byte[16]);

    [Theory]
    [InlineData("FloatStorage", 4, 15, "should have 4 elements")]
    [InlineData("FloatStorage", 5, 16, "should have 5 elements")] // libtorch believes it
    [InlineData("FloatStorage", 3, 16, "should have 3 elements")]
    [InlineData("FloatStorage", -4, 16, "should have")]
    [InlineData("FloatStorage", long.MaxValue, 16, "should have")]
    [InlineData("DoubleStorage", 4, 16, "should have 4 elements of 8")]
    [InlineData("QUInt8Storage", 4, 4, "no name")]
    public void Verify_Storage_IsAsLongAsItsRecord(string type, long elements, int bytes, string refusal) =>
        AssertTensor(refusal, Tensor(type, elements, 0, [1], [1]), new byte[bytes]);

    [Fact]
    public void Verify_TruthValueThatIsNeither_IsRefused()
    {
        AssertTensor(null, Tensor("BoolStorage", 4, 0, [4], [1]), [0, 1, 1, 0]);
        AssertTensor("neither 0 nor 1", Tensor("BoolStorage", 4, 0, [4], [1]), [0, 1, 2, 0]);
    }

    [Fact]
    public void Verify_StorageOfTwoTypes_IsRefused()
    {
        var pickle = $"{Head}(X\u0001\0\0\0a{Tensor("FloatStorage", 4, 0, [4], [1])}X\u0001\0\0\0b{Tensor("IntStorage", 4, 0, [4], [1])}ub.";
        var refusal = TestArchive.AssertRefused(
            ProgramErrors.PickleRefused, TestArchive.OfCode(Source("a : Tensor\n  b : Tensor"), TestArchive.Pickle(pickle), ("data/0", new byte[16])));
        Assert.Contains("two types", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ValuesNestedTooDeep_AreRefused()
    {
        var type = string.Concat(Enumerable.Repeat("Tuple[", 150)) + "Any" + new string(']', 150);
        TestArchive.AssertRefused(
            ProgramErrors.PickleRefused,
            TestArchive.OfCode(Source($"a : {type}"), TestArchive.Pickle($"{Head}(X\u0001\0\0\0a){string.Concat(Enumerable.Repeat("\u0085", 100000))}ub.")));
    }

    [Fact]
    public void Verify_ListThatHoldsItself_IsRefused() => TestArchive.AssertRefused(
        ProgramErrors.PickleRefused, TestArchive.OfCode(Source("a : List[int]"), TestArchive.Pickle($"{Head}(X\u0001\0\0\0actorch.jit._pickle\nbuild_intlist\n]q\0h\0a\u0085Rub.")));

    [Fact]
    public void Verify_ObjectsThatHoldEachOtherTwice_AreReadOnce()
    {
        // 60 levels of tuples, each of which holds the one below twice: 2^60 ways down.
        var type = "int";
        var pickle = "K\u0001";
        for (var level = 0; level < 16; level++)
        {
            type = $"Tuple[{type}, {type}]";
            pickle += $"q{(char)level}h{(char)level}\u0086";
        }

        VerifiedProgram.Verify(TestArchive.OfCode(Source($"a : {type}"), TestArchive.Pickle($"{Head}(X\u0001\0\0\0a{pickle}ub.")));
    }

    [Fact]
    public void Verify_ConstantsThatAreNoTensors_AreRefused() => TestArchive.AssertRefused(
        ProgramErrors.PickleRefused,
        TestArchive.Of(
            ("data.pkl", TestArchive.NoValues), ("constants.pkl", TestArchive.Pickle("c__torch__\nM\n)\u0081}b\u0085.")),
            ("code/__torch__.py", Encoding.ASCII.GetBytes(Source("pass"))), ("version", "3\n"u8.ToArray())));

    [Fact]
    public void Verify_StateDict_IsNotAProgram() => TestArchive.AssertRefused(ProgramErrors.NotTorchScript, Archive("}."));

    private static string Source(string member) =>
        $"class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  {member}\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return x\nclass N:\n  x : int\n";

    private static byte[] Archive(string pickle) => TestArchive.OfCode(Source("pass"), TestArchive.Pickle(pickle));

    private static Errors.OrchestratorException Refuse(string pickle) => TestArchive.AssertRefused(ProgramErrors.PickleRefused, Archive(pickle));

    private static void AssertTensor(string? refusal, string tensor, byte[] storage)
    {
        var archive = TestArchive.OfCode(Source("a : Tensor"), TestArchive.Pickle($"{Head}(X\u0001\0\0\0a{tensor}ub."), ("data/0", storage));
        if (refusal is null)
        {
            Assert.Single(VerifiedProgram.Verify(archive).Buffers);
        }
        else
        {
            Assert.Contains(refusal, TestArchive.AssertRefused(ProgramErrors.PickleRefused, archive).Message, StringComparison.Ordinal);
        }
    }

    private static string Tensor(string type, long elements, long offset, long[] shape, long[] strides) =>
        $"ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\n{type}\nX\u0001\0\0\00X\u0003\0\0\0cpu{Number(elements)}tQ{Number(offset)}({Numbers(shape)}t({Numbers(strides)}t\u0089ccollections\nOrderedDict\n)RtR";

    private static string Numbers(long[] numbers) => string.Concat(numbers.Select(Number));

    private static string Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return "\u008a\u0008" + Encoding.Latin1.GetString(bytes);
    }
}
