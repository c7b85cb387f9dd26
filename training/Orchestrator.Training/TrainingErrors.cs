using Orchestrator.Errors;

namespace Orchestrator.Training;

/// <summary>How programs and training fail.</summary>
public static class TrainingErrors
{
    /// <summary>libtorch refuses the archive.</summary>
    public static readonly ErrorCode ProgramDoesNotLoad = new(
        "program-does-not-load", ErrorClass.Input,
        "libtorch cannot load the program.",
        "Save it again with PyTorch 1.13 or older, on the CPU, and check that the file arrived whole.");

    /// <summary>There is nothing to learn.</summary>
    public static readonly ErrorCode ProgramNoParameters = new(
        "program-no-parameters", ErrorClass.Input,
        "The program has no parameter that is trained.",
        "Save the module with requires_grad set on the parameters that training may change.");

    /// <summary>A tensor of the program has a type that models are not delivered in.</summary>
    public static readonly ErrorCode ProgramTensorType = new(
        "program-tensor-type", ErrorClass.Input,
        "A parameter or buffer has an element type that is not supported.",
        "Use float32, float64, float16, bfloat16, bool or integer tensors.");

    /// <summary>forward fails on input of the schema's shape.</summary>
    public static readonly ErrorCode ProgramFails = new(
        "program-fails", ErrorClass.Input,
        "The program fails on input of the schema's shape.",
        "Compare the shape and type that forward expects with the data schema's.");

    /// <summary>forward gives something that the loss cannot take.</summary>
    public static readonly ErrorCode ProgramOutput = new(
        "program-output", ErrorClass.Input,
        "The program's output does not fit the loss and the labels.",
        "Return one float32 tensor of the shape that the loss asks for.");

    /// <summary>forward gives NaN or infinity on ordinary numbers.</summary>
    public static readonly ErrorCode ProgramNotFinite = new(
        "program-not-finite", ErrorClass.Input,
        "The program yields NaN or infinity before it has learned anything.",
        "Check the saved parameters, and operations such as logarithms and divisions in forward.");

    /// <summary>Plan, schema and streams do not go together.</summary>
    public static readonly ErrorCode PlanMismatch = new(
        "training-plan-mismatch", ErrorClass.Input,
        "The plan asks for something that the data cannot give.",
        "Change the plan, or the streams that the job reads.");

    /// <summary>A model's tensors are not the program's.</summary>
    public static readonly ErrorCode ModelMismatch = new(
        "training-model-mismatch", ErrorClass.Input,
        "The model was not trained from this program.",
        "Name the program that the model's manifest names.");

    /// <summary>Bytes are no training state.</summary>
    public static readonly ErrorCode StateMalformed = new(
        "training-state-malformed", ErrorClass.Input,
        "The training state cannot be understood.",
        "Resume from a checkpoint that this version of the device wrote.");

    /// <summary>A training state is another job's.</summary>
    public static readonly ErrorCode StateMismatch = new(
        "training-state-mismatch", ErrorClass.Input,
        "The training state is not of this job.",
        "Resume with the program, plan and streams of the job that wrote it, or begin anew.");

    /// <summary>A label is not one of the classes.</summary>
    public static readonly ErrorCode LabelOutOfRange = new(
        "training-label-range", ErrorClass.Input,
        "A record's label is not below the schema's number of classes.",
        "Seal the data again with labels that count from 0.");

    /// <summary>Training diverged.</summary>
    public static readonly ErrorCode NotFinite = new(
        "training-not-finite", ErrorClass.JobFailed,
        "Training came to NaN or infinity and was stopped.",
        "Lower the learning rate, clip gradients, or standardise the features.");

    /// <summary>The job takes more memory than its manifest plans.</summary>
    public static readonly ErrorCode MemoryExceeded = new(
        "training-memory-exceeded", ErrorClass.Refused,
        "The program asked for more memory than the manifest's memory plan gives it.",
        "Reserve more (memory.workspace in job.yaml), or use smaller batches or layers.");

    /// <summary>The program failed while it was trained.</summary>
    public static readonly ErrorCode Failed = new(
        "training-failed", ErrorClass.JobFailed,
        "The program failed while it was trained.",
        "Rehearse the job on plaintext data of your own; what libtorch says about sealed data stays inside.");
}
