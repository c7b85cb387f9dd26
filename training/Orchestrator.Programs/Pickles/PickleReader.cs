namespace Orchestrator.Programs.Pickles;

/// <summary>
/// Reads a pickle with the opcodes that TorchScript's own pickler emits and no others (pickletools.py, protocol 2). Nothing is
/// ever called: the few names that stand for constructors are known, and what they make is checked.
/// </summary>
internal sealed class PickleReader
{
    private const byte Protocol = 2;

    private readonly PickleBytes _bytes;
    private readonly PickleConstructors _constructors;
    private readonly List<PickleValue> _stack = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<int, PickleValue> _memo = [];

    private PickleReader(PickleBytes bytes, PickleConstructors constructors)
    {
        _bytes = bytes;
        _constructors = constructors;
    }

    /// <summary>Reads the one value of a pickle.</summary>
    /// <param name="pickle">All of it.</param>
    /// <param name="path">Its record, for messages.</param>
    /// <param name="storages">Where its tensors' numbers are.</param>
    public static PickleValue Read(ReadOnlyMemory<byte> pickle, string path, IStorageSource storages)
    {
        var bytes = new PickleBytes(pickle, path);
        return new PickleReader(bytes, new PickleConstructors(bytes, storages)).Run();
    }

    private PickleValue Run()
    {
        if (_bytes.TakeByte() != 0x80 || _bytes.TakeByte() != Protocol)
        {
            throw _bytes.Refused("it is no pickle of protocol 2");
        }

        byte opcode;
        while ((opcode = _bytes.TakeByte()) != '.')
        {
            Step(opcode);
        }

        return _bytes.IsAtEnd && _stack.Count == 1 && _marks.Count == 0 ? _stack[0] : throw _bytes.Refused("something is left over after the end");
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'N': Push(new PickleValue.None()); break;
            case 0x88: Push(new PickleValue.Bool(true)); break;
            case 0x89: Push(new PickleValue.Bool(false)); break;
            case (byte)'K': Push(new PickleValue.Int(_bytes.TakeByte())); break;
            case (byte)'M': Push(new PickleValue.Int(_bytes.TakeUInt16())); break;
            case (byte)'J': Push(new PickleValue.Int(_bytes.TakeInt32())); break;
            case 0x8A: Push(new PickleValue.Int(_bytes.TakeByte() == 8 ? _bytes.TakeInt64() : throw _bytes.Refused("a long number has not 8 bytes"))); break;
            case (byte)'G': Push(new PickleValue.Float(_bytes.TakeDouble())); break;
            case (byte)'X': Push(new PickleValue.Text(_bytes.TakeText())); break;
            case (byte)')': Push(new PickleValue.Tuple([])); break;
            case 0x85: PushTuple(1); break;
            case 0x86: PushTuple(2); break;
            case 0x87: PushTuple(3); break;
            case (byte)'t': PushTuple(_stack.Count - TakeMark()); break;
            case (byte)']': Push(new PickleValue.List([])); break;
            case (byte)'}': Push(new PickleValue.Dict([])); break;
            case (byte)'(': _marks.Push(_stack.Count); break;
            case (byte)'a': Append(1); break;
            case (byte)'e': Append(_stack.Count - TakeMark()); break;
            case (byte)'s': SetItems(2); break;
            case (byte)'u': SetItems(_stack.Count - TakeMark()); break;
            case (byte)'q': Remember(_bytes.TakeByte()); break;
            case (byte)'r': Remember(_bytes.TakeInt32()); break;
            case (byte)'h': Recall(_bytes.TakeByte()); break;
            case (byte)'j': Recall(_bytes.TakeInt32()); break;
            case (byte)'c': Push(_constructors.Named($"{_bytes.TakeName()}.{_bytes.TakeName()}")); break;
            case (byte)'Q': Push(_constructors.Storage(Pop())); break;
            case (byte)'R': Call(_constructors.Call); break;
            case 0x81: Call(_constructors.NewInstance); break;
            case (byte)'b': Build(); break;
            default: throw _bytes.Refused($"opcode 0x{opcode:X2} is not admitted");
        }
    }

    private void Push(PickleValue value)
    {
        if (_stack.Count >= ProgramLimits.MaxPickleValues)
        {
            throw ProgramLimits.Exceeded("too many values in a pickle", $"{ProgramLimits.MaxPickleValues}");
        }

        _stack.Add(value);
    }

    private PickleValue Pop() => Take(1)[0];

    private List<PickleValue> Take(int count)
    {
        // What lies below a mark belongs to somebody else.
        if (_stack.Count - count < (_marks.Count == 0 ? 0 : _marks.Peek()))
        {
            throw _bytes.Refused("an opcode takes more values than there are");
        }

        var taken = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return taken.Any(value => value is PickleValue.Instance { State: null }) ? throw _bytes.Refused("an object is used before it is built") : taken;
    }

    private int TakeMark() => _marks.Count > 0 ? _marks.Pop() : throw _bytes.Refused("an opcode needs a mark");

    private void PushTuple(int count) => Push(new PickleValue.Tuple(Take(count)));

    private void Append(int count)
    {
        var items = Take(count);
        if (Top() is not PickleValue.List { Tag: null } list)
        {
            throw _bytes.Refused("items are added to what is no open list");
        }

        list.Items.AddRange(items);
    }

    private void SetItems(int count)
    {
        var items = Take(count);
        if (Top() is not PickleValue.Dict { Tag: null } dict || count % 2 != 0)
        {
            throw _bytes.Refused("items are added to what is no open dictionary");
        }

        for (var index = 0; index < count; index += 2)
        {
            if (items[index] is not (PickleValue.Text or PickleValue.Int or PickleValue.Float or PickleValue.Bool) || !dict.Items.TryAdd(items[index], items[index + 1]))
            {
                throw _bytes.Refused("a key of a dictionary is repeated, or is none");
            }
        }
    }

    private PickleValue Top() => _stack.Count > (_marks.Count == 0 ? 0 : _marks.Peek()) ? _stack[^1] : throw _bytes.Refused("an opcode needs a value");

    private void Remember(int place)
    {
        if (place < 0 || place > _memo.Count || Top() is PickleValue.Instance { State: null })
        {
            throw _bytes.Refused("a value is remembered out of order");
        }

        _memo[place] = Top();
    }

    private void Recall(int place) => Push(_memo.TryGetValue(place, out var value) ? value : throw _bytes.Refused("what was never remembered is recalled"));

    private void Call(Func<PickleValue, PickleValue, PickleValue> constructor)
    {
        var argument = Pop();
        Push(constructor(Pop(), argument));
    }

    private void Build()
    {
        var state = Pop();
        if (Top() is not PickleValue.Instance { State: null } instance || state is not PickleValue.Dict { Tag: null } dict
            || dict.Items.Keys.Any(key => key is not PickleValue.Text))
        {
            throw _bytes.Refused("what is built is no new object, or its state is no dictionary of attributes");
        }

        instance.State = dict.Items.ToDictionary(item => ((PickleValue.Text)item.Key).Value, item => item.Value);
    }
}
