using Orchestrator.Errors;
using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>Checks a call of an operator: its name against the table, and the arguments that say where memory is and how it is filled.</summary>
internal sealed class OperatorCheck(ProgramFacts facts, FunctionDeclaration function)
{
    private const string Aten = "torch.";
    private const string OpsAten = "ops.aten.";
    private const string Ops = "ops.";
    private const string OpsPrim = "ops.prim.";
    private const string Print = "print";
    private const string Gradient = "torch.autograd.grad";

    /// <summary>The type that an operator returns, for those whose results are taken apart, indexed or called upon.</summary>
    public static ProgramType? ResultOf(string path, int arguments) => path switch
    {
        "torch.size" => arguments == 1 ? ProgramType.List(ProgramType.Int) : ProgramType.Int,
        "torch.len" or "torch.dim" or "torch.numel" => ProgramType.Int,
        "torch.format" => ProgramType.Str,
        "torch.device" or "ops.prim.device" => ProgramType.Device,
        _ => null,
    };

    /// <summary>Checks one call.</summary>
    /// <param name="path">As the code spells the operator.</param>
    /// <exception cref="OrchestratorException"><c>program-operator-refused</c>, <c>program-code-refused</c>.</exception>
    public void Check(string path, Expression.Call call, IReadOnlyList<ProgramType?> arguments)
    {
        var name = path == Gradient ? "grad" : Name(path);
        var rule = facts.Table.RuleOf(name);
        if (!rule.IsAdmitted && !facts.Filled.Contains(call))
        {
            throw new OrchestratorException(
                ProgramErrors.OperatorRefused, $"{function.At(call.Line)}: the operator {path} is not admitted: {rule.Reason}",
                rule.Remedy is null ? null : $"{rule.Remedy} Then save the model again.");
        }

        if (name == "device" && call is not { Arguments: [Expression.String { Value: "cpu" }], Named: [] })
        {
            throw Refused(call, "a device other than the CPU is named");
        }

        // libtorch takes a text for a device where one is expected.
        if (name == "to" && arguments.Skip(1).Any(argument => argument is { Name: "str" }))
        {
            throw Refused(call, "a tensor is moved to a device that a text names");
        }

        // With a number it is another operator, which reads the bytes as another type: a truth value could be 2.
        if (name == "view" && arguments.Skip(1).Any(argument => argument is { Name: "int" }))
        {
            throw Refused(call, "a tensor's bytes are viewed as another type");
        }

        foreach (var (argument, value) in call.Named)
        {
            CheckNamed(call, argument, value);
        }

        facts.Operators.Add(path);
    }

    // What the table cannot name stays as it is and is unknown to it: `ops.relu`, or the bare `len`, which would call methods.
    private static string Name(string path) =>
        path.StartsWith(OpsAten, StringComparison.Ordinal) ? path[OpsAten.Length..]
        : path.StartsWith(OpsPrim, StringComparison.Ordinal) ? path[Ops.Length..]
        : path.StartsWith(Aten, StringComparison.Ordinal) ? path[Aten.Length..]
        : path == Print ? path
        : $"{path}()";

    private void CheckNamed(Expression.Call call, string argument, Expression value)
    {
        var isPlain = argument switch
        {
            "generator" => value is Expression.Constant { Text: "None" },
            "pin_memory" => value is Expression.Constant { Text: "None" or "False" },
            "layout" => value is Expression.Constant { Text: "None" } or Expression.Integer { Value: 0 } or Expression.Call { Callee.Path: "ops.prim.layout" },
            "device" => value is Expression.Constant { Text: "None" } or Expression.Name or Expression.Call { Callee.Path: "torch.device" or "ops.prim.device" },
            _ => true,
        };
        if (!isPlain)
        {
            throw Refused(call, $"the argument {argument} asks for something that is not admitted: dense tensors on the CPU and the one generator are");
        }
    }

    private Exception Refused(Expression.Call call, string why) => function.At(call.Line).Refused(why);
}
