using Orchestrator.Programs.Pickles;

namespace Orchestrator.Programs.Checks;

/// <summary>Finds the parameters and buffers of a module and of the modules in it, in the order of their attributes.</summary>
internal sealed class ModuleTensors(Declarations declarations)
{
    public List<ProgramTensor> Parameters { get; } = [];

    public List<ProgramTensor> Buffers { get; } = [];

    public void Collect(PickleValue.Instance module, string prefix = "")
    {
        var type = declarations.Classes[module.Class];
        foreach (var (name, attribute) in type.Attributes)
        {
            switch (module.State![name])
            {
                case PickleValue.Tensor tensor:
                    var isParameter = type.Source.Parameters.Contains(name);
                    var record = tensor.Record;
                    (isParameter ? Parameters : Buffers).Add(new ProgramTensor(prefix + name, record.Element.Name, record.Shape, isParameter && record.RequiresGradient));
                    break;
                case PickleValue.Instance inner when declarations.Classes[inner.Class].IsModule:
                    Collect(inner, $"{prefix}{name}.");
                    break;
            }
        }
    }
}
