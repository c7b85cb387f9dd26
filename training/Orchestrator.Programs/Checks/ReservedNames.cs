namespace Orchestrator.Programs.Checks;

/// <summary>Names that mean something to libtorch's importer or compiler wherever they stand.</summary>
internal static class ReservedNames
{
    public static readonly IReadOnlySet<string> All = new HashSet<string>
    {
        // The importer's.
        "torch", "ops", "CONSTANTS", "__torch__", "fork", "annotate", "unchecked_cast", "uninitialized", "inf", "nan", "infj", "nanj",
        "rpc_async", "rpc_sync", "rpc_remote", "awaitable",

        // The compiler's.
        "print", "tuple", "float", "int", "bool", "complex", "str", "getattr", "hasattr", "isinstance", "range", "zip", "enumerate",
        "len", "hex", "oct", "round", "hash", "id", "min", "max", "abs", "all", "any", "divmod", "list", "dict", "ord", "chr", "bin",
        "pow", "sorted", "reversed", "sum", "super", "rangelist", "iter", "next", "type",
        "Tensor", "List", "Dict", "Optional", "Tuple", "Union", "Any", "Final", "Device", "NoneType",
    };
}
