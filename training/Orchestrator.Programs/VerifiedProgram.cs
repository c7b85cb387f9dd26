using System.Security.Cryptography;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Programs.Archives;
using Orchestrator.Programs.Checks;
using Orchestrator.Programs.Code;
using Orchestrator.Programs.Pickles;

namespace Orchestrator.Programs;

/// <summary>
/// A TorchScript program that was found harmless without libtorch (docs/spec/program.md). Only <see cref="Verify"/> makes one, and
/// libtorch gets only what <see cref="WriteTo"/> writes: what was read is not read again by another reader.
/// </summary>
public sealed class VerifiedProgram
{
    private readonly ProgramRecords _records;
    private readonly IReadOnlyDictionary<string, string> _quietCode;

    private VerifiedProgram(ProgramRecords records, IReadOnlyDictionary<string, string> code, ProgramFacts facts, ModuleTensors tensors, ReadOnlyMemory<byte> archive)
    {
        _records = records;
        _quietCode = Warnings.Remove(code, facts.Warnings);
        Bytes = archive.Length;
        Digest = new Digest(SHA256.HashData(archive.Span));
        Code = code;
        Operators = [.. facts.Operators];
        Parameters = tensors.Parameters;
        Buffers = tensors.Buffers;
    }

    /// <summary>Bytes of the archive that was verified.</summary>
    public int Bytes { get; }

    /// <summary>Its digest, which names the program in a manifest.</summary>
    public Digest Digest { get; }

    /// <summary>Source files by path, in order of path.</summary>
    public IReadOnlyDictionary<string, string> Code { get; }

    /// <summary>Operators that the code calls, as it spells them, in ordinal order, each once.</summary>
    public IReadOnlyList<string> Operators { get; }

    /// <summary>Parameters, in the order of the modules' attributes.</summary>
    public IReadOnlyList<ProgramTensor> Parameters { get; }

    /// <summary>Buffers, such as running averages, in the same order.</summary>
    public IReadOnlyList<ProgramTensor> Buffers { get; }

    /// <summary>Verifies an archive.</summary>
    /// <exception cref="OrchestratorException">One of <see cref="ProgramErrors"/>.</exception>
    public static VerifiedProgram Verify(ReadOnlyMemory<byte> archive)
    {
        var records = ProgramRecords.Read(archive);
        var files = records.Code.Select(file => FileParser.Parse(ProgramRecords.CodeFolder + file.Path, ModuleOf(file.Path), file.Source)).ToArray();
        var declarations = new Declarations(files);
        var facts = new ProgramFacts(declarations, OperatorTable.Default, CheckConstants(records));
        foreach (var function in declarations.Bodies)
        {
            FunctionCheck.Run(facts, function);
        }

        facts.Calls.Check(declarations.Bodies);
        var values = new ValueCheck(declarations);
        var root = CheckRoot(records, declarations, values);
        CheckLoops(facts, values);
        var tensors = new ModuleTensors(declarations);
        tensors.Collect(root);
        var code = records.Code.ToDictionary(file => file.Path, file => Encoding.ASCII.GetString(file.Source.Span), StringComparer.Ordinal);
        return new VerifiedProgram(records, code, facts, tensors, archive);
    }

    /// <summary>Writes the program for libtorch: an archive of the records that were verified, warnings taken out of the code.</summary>
    public void WriteTo(Stream destination) => _records.Write(destination, _quietCode);

    private static string ModuleOf(string path)
    {
        var name = path[..^ProgramRecords.CodeSuffix.Length];
        var parts = name.Split('/');
        return parts[0] == "__torch__" && parts.All(part => part.Length > 0 && !char.IsAsciiDigit(part[0]) && part.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
            ? string.Join('.', parts)
            : throw Zip.Refused($"has code at {path}, which is no module");
    }

    // Constants are tensors in a tuple, in the order of their numbers.
    private static int CheckConstants(ProgramRecords records)
    {
        var storages = new StorageSource(records, ProgramRecords.ConstantTensors);
        return PickleReader.Read(records[ProgramRecords.Constants], ProgramRecords.Constants, storages) is PickleValue.Tuple tuple && tuple.Items.All(item => item is PickleValue.Tensor)
            ? tuple.Items.Count
            : throw new OrchestratorException(ProgramErrors.PickleRefused, $"{ProgramRecords.Constants} holds other constants than tensors");
    }

    private static PickleValue.Instance CheckRoot(ProgramRecords records, Declarations declarations, ValueCheck values)
    {
        var value = PickleReader.Read(records[ProgramRecords.Values], ProgramRecords.Values, new StorageSource(records, ProgramRecords.ValueTensors));
        if (value is not PickleValue.Instance root || !declarations.Classes.TryGetValue(root.Class, out var type) || !type.IsModule)
        {
            throw Zip.Refused("does not hold a module of which it has the code (a state dict is not a program)");
        }

        values.Check(root, type.Type, "the module");
        return type.Methods.ContainsKey("forward")
            ? root
            : throw new OrchestratorException(ProgramErrors.NoForward, $"the program's class {type.Name} has no forward method");
    }

    private static void CheckLoops(ProgramFacts facts, ValueCheck values)
    {
        var bounds = new LoopBounds(facts, (owner, field) => IsSmall(facts, values, owner, field));
        foreach (var function in facts.Declarations.Bodies)
        {
            new LoopCheck(function, bounds).Run();
        }
    }

    private static bool IsSmall(ProgramFacts facts, ValueCheck values, ClassDeclaration owner, string field) =>
        owner.Source.Attributes.FirstOrDefault(attribute => attribute.Name == field)?.Value is { } constant
            ? constant is Expression.Integer { Value: >= -ProgramLimits.MaxTrips and <= ProgramLimits.MaxTrips }
            : !facts.Assigned.Contains((owner.Name, field))
                && values.Instances.TryGetValue(owner.Name, out var instances)
                && instances.All(instance => instance.State![field] is PickleValue.Int { Value: >= -ProgramLimits.MaxTrips and <= ProgramLimits.MaxTrips });
}
