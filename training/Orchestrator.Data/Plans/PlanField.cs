using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Data.Plans;

/// <summary>Typed reading of plan fields with the plan's own codes; every message names the field's path.</summary>
internal static class PlanField
{
    public static int Int32(CborField field, int min, int max) => (int)Int64(field, min, max);

    public static long Int64(CborField field, long min, long max)
    {
        var value = field.AsInt64();
        return value >= min && value <= max ? value : throw OutOfRange(field, $"is {value}, not from {min} to {max}");
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>; an integer stands for the same real number.</summary>
    public static double Real(CborField field, double min, double max)
    {
        var value = field.Value is CborInt integer ? integer.Value : field.AsDouble();
        return value >= min && value <= max
            ? value
            : throw OutOfRange(field, FormattableString.Invariant($"is {value}, not from {min} to {max}"));
    }

    /// <summary>A number above 0, up to <paramref name="max"/>.</summary>
    public static double Positive(CborField field, double max) => Real(field, double.Epsilon, max);

    /// <summary>A decay rate: from 0 to just below 1.</summary>
    public static double Rate(CborField field) => Real(field, 0, Math.BitDecrement(1.0));

    /// <summary>The field called "name", which must be one of <paramref name="choices"/>.</summary>
    public static T Choose<T>(CborField field, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var name = field.AsText(64);
        var known = new List<string>();
        foreach (var (choice, value) in choices)
        {
            if (choice == name)
            {
                return value;
            }

            known.Add(choice);
        }

        throw new OrchestratorException(PlanErrors.UnknownName, $"{field.Path} is not one of {string.Join(", ", known)}.");
    }

    private static OrchestratorException OutOfRange(CborField field, string finding) =>
        new(PlanErrors.OutOfRange, $"{field.Path} {finding}.");
}
