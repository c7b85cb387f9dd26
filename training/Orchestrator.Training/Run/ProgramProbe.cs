using System.Runtime.InteropServices;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Programs;
using Orchestrator.Training.Programs;
using TorchSharp;

namespace Orchestrator.Training.Run;

/// <summary>Runs a program once on made-up records, to say what is wrong with it before any data is read.</summary>
internal static class ProgramProbe
{
    private const int Records = 2;

    /// <summary>Shape of the program's output, batch dimension left out.</summary>
    /// <exception cref="OrchestratorException">One of the <c>program-*</c> errors.</exception>
    public static long[] OutputShape(VerifiedProgram archive, DataSchema schema, LossFunction loss)
    {
        // An instance of its own: a first run without gradients would shape what TorchScript compiles for training.
        using var program = TrainingProgram.Load(archive);
        if (program.TrainedParameters.Length == 0)
        {
            throw new OrchestratorException(TrainingErrors.ProgramNoParameters, "the program has no parameter that requires a gradient");
        }

        program.SetTraining(false);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var output = Forward(program, schema);
        var shape = RequireShape(output, loss);
        RequireFinite(output);
        return shape;
    }

    /// <summary>Made-up features: numbers spread over [-1, 1], or small indices.</summary>
    public static torch.Tensor Features(DataSchema schema, int records)
    {
        var tensor = torch.empty((long[])[records, .. schema.Shape.Select(extent => (long)extent)], TensorTypes.Of(schema.FeatureType));
        var bytes = tensor.bytes;
        bytes.Clear();
        if (schema.FeatureType == ElementType.F32)
        {
            var values = MemoryMarshal.Cast<byte, float>(bytes);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = ((i * 37 % 101) - 50) / 50f;
            }
        }

        return tensor;
    }

    private static torch.Tensor Forward(TrainingProgram program, DataSchema schema)
    {
        try
        {
            return program.Forward(Features(schema, Records));
        }
        catch (Exception error) when (TrainingProgram.IsProgramFailure(error))
        {
            var shape = LossFunction.Text(schema.Shape.Select(extent => (long)extent));
            throw new OrchestratorException(
                TrainingErrors.ProgramFails, $"the program fails on {schema.FeatureType} input of shape {shape}: {TrainingProgram.LastLine(error)}", inner: error);
        }
    }

    private static long[] RequireShape(torch.Tensor output, LossFunction loss)
    {
        var shape = output.shape;
        var expected = $"a tensor of type Float32 and shape {loss.Expected} is expected";
        if (output.dtype != torch.ScalarType.Float32)
        {
            throw new OrchestratorException(TrainingErrors.ProgramOutput, $"the program returns elements of type {output.dtype}; {expected}");
        }

        if (shape.Length == 0 || shape[0] != Records || !loss.Accepts(shape[1..]))
        {
            throw new OrchestratorException(
                TrainingErrors.ProgramOutput, $"the program returns shape [{string.Join(", ", shape)}] for N = {Records} records; {expected}");
        }

        return shape[1..];
    }

    private static void RequireFinite(torch.Tensor output)
    {
        if (!NonFinite.IsFree(output.contiguous().bytes))
        {
            throw new OrchestratorException(TrainingErrors.ProgramNotFinite, "the program yields NaN or infinity on numbers between -1 and 1");
        }
    }
}
