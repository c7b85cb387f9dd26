using Orchestrator.Errors;

namespace Orchestrator.Programs;

/// <summary>Why a program is refused before libtorch sees it (docs/spec/program.md).</summary>
public static class ProgramErrors
{
    /// <summary>The file is no archive that <c>torch.jit.save</c> writes.</summary>
    public static readonly ErrorCode NotTorchScript = new(
        "program-not-torchscript", ErrorClass.Input,
        "The program is not a TorchScript archive as PyTorch writes it.",
        "Save it with torch.jit.script(model).save(path) or torch.jit.trace(model, example).save(path), and do not repack it.");

    /// <summary>The archive has no entry point.</summary>
    public static readonly ErrorCode NoForward = new(
        "program-no-forward", ErrorClass.Input,
        "The program's outermost module has no forward method.",
        "Define forward(self, x) in the module that is saved.");

    /// <summary>A pickle of the archive holds what a saved module does not need.</summary>
    public static readonly ErrorCode PickleRefused = new(
        "program-pickle-refused", ErrorClass.Refused,
        "The program's values are not what TorchScript pickles.",
        "Save the module again with PyTorch 1.13; attributes may be tensors, numbers, texts, lists, dictionaries, tuples and modules.");

    /// <summary>The code uses an operator outside of the allow-list.</summary>
    public static readonly ErrorCode OperatorRefused = new(
        "program-operator-refused", ErrorClass.Refused,
        "The program uses an operator that is not admitted.",
        "Replace the operator, and save the model again; docs/spec/program.md lists what is admitted, and why the rest is not.");

    /// <summary>The code is not in the part of TorchScript that is admitted.</summary>
    public static readonly ErrorCode CodeRefused = new(
        "program-code-refused", ErrorClass.Refused,
        "The program's code goes beyond the part of TorchScript that is admitted.",
        "Rewrite what the message names, and save the model again; docs/spec/program.md says what is admitted.");

    /// <summary>Nothing limits how long the code runs.</summary>
    public static readonly ErrorCode Unbounded = new(
        "program-unbounded", ErrorClass.Refused,
        "A loop or a recursion of the program has no limit that can be seen in its code.",
        "Loop over range(n) where n is a constant, a length or a size of a tensor, and let no function call itself.");

    /// <summary>The program is larger or deeper than programs may be.</summary>
    public static readonly ErrorCode TooLarge = new(
        "program-too-large", ErrorClass.Refused,
        "The program exceeds a limit on programs.",
        "Make the model smaller; docs/spec/program.md lists the limits.");
}
