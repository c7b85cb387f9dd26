namespace Orchestrator.Programs;

/// <summary>A parameter or buffer of a program.</summary>
/// <param name="Name">Its name in the module, such as <c>fc1.weight</c>.</param>
/// <param name="Type">Element type, as safetensors name it.</param>
/// <param name="Shape">Lengths of its dimensions.</param>
/// <param name="Trained">Whether training changes it: a parameter that requires a gradient.</param>
public sealed record ProgramTensor(string Name, string Type, IReadOnlyList<long> Shape, bool Trained);
