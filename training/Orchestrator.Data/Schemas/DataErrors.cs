using Orchestrator.Errors;

namespace Orchestrator.Data.Schemas;

/// <summary>Ways in which a data file cannot become records.</summary>
public static class DataErrors
{
    /// <summary>A schema whose parts do not fit together or are outside their ranges.</summary>
    public static readonly ErrorCode Schema = new(
        "data-schema", ErrorClass.Input,
        "The data schema is outside its limits or contradicts itself.",
        "Correct the part that the message names; docs/spec/records.md gives the limits.");

    /// <summary>No bytes, or a header and no rows.</summary>
    public static readonly ErrorCode Empty = new(
        "data-file-empty", ErrorClass.Input,
        "The data file holds no records.",
        "Export the data again, or name another file.");

    /// <summary>A file of another kind than its reader expects.</summary>
    public static readonly ErrorCode Format = new(
        "data-format", ErrorClass.Input,
        "The file is not of the format that it is read as.",
        "Name a CSV (UTF-8), .npy, .npz or text file with that extension.");

    /// <summary>A row with more or fewer cells than the header.</summary>
    public static readonly ErrorCode ColumnCount = new(
        "data-column-count", ErrorClass.Input,
        "A row has another number of cells than the header.",
        "Correct the row; a cell that holds a comma must be in quotes.");

    /// <summary>A column that the header does not name, or names twice.</summary>
    public static readonly ErrorCode Column = new(
        "data-column", ErrorClass.Input,
        "The header lacks a column that is needed, or names one twice.",
        "Compare the schema's columns with the header: each has to stand there once, and commas part them.");

    /// <summary>A cell with nothing in it, or a word for nothing.</summary>
    public static readonly ErrorCode MissingValue = new(
        "data-missing-value", ErrorClass.Input,
        "A cell has no value.",
        "Fill the cell in or drop the row before sealing: what a gap means is the data owner's decision.");

    /// <summary>A cell that is not a number of the schema's type.</summary>
    public static readonly ErrorCode NotANumber = new(
        "data-not-a-number", ErrorClass.Input,
        "A cell is not a number of the schema's type.",
        "Correct the cell; numbers are written like -1.5e3, with a point and without separators.");

    /// <summary>A number that the schema's type cannot hold, or that is not finite.</summary>
    public static readonly ErrorCode ValueRange = new(
        "data-value-range", ErrorClass.Input,
        "A value is not finite or does not fit the schema's type.",
        "Correct the value or choose a wider type.");

    /// <summary>A label that is no class of the schema.</summary>
    public static readonly ErrorCode LabelRange = new(
        "data-label-range", ErrorClass.Input,
        "A label is not one of the schema's classes.",
        "Correct the label, or the number or names of the classes.");

    /// <summary>Arrays whose types or shapes do not make records of the schema.</summary>
    public static readonly ErrorCode ArrayShape = new(
        "data-array-shape", ErrorClass.Input,
        "An array's type or shape does not fit the schema.",
        "Export features as [records, ...] and labels as [records] with the types that the message expects.");

    /// <summary>A file that ends early or breaks its format's rules.</summary>
    public static readonly ErrorCode Damaged = new(
        "data-file-damaged", ErrorClass.Input,
        "The file ends early or breaks the rules of its format.",
        "Export it again or fetch another copy.");

    /// <summary>Something larger than the reader's limit.</summary>
    public static readonly ErrorCode TooLarge = new(
        "data-too-large", ErrorClass.Input,
        "A part of the file is larger than its reader allows.",
        "Split the data; docs/spec/records.md gives the limits.");

    /// <summary>A variant of the format that is not read.</summary>
    public static readonly ErrorCode Unsupported = new(
        "data-unsupported", ErrorClass.Input,
        "The file uses a variant of its format that is not read.",
        "Export it in the variant that the message asks for.");
}
