namespace Orchestrator.Errors;

/// <summary>What kind of failure an <see cref="ErrorCode"/> stands for. The value is the exit code of a command that ends with it.</summary>
public enum ErrorClass
{
    /// <summary>A defect of this software.</summary>
    Internal = 1,

    /// <summary>The command or call was put wrongly.</summary>
    Usage = 2,

    /// <summary>A file or message cannot be understood.</summary>
    Input = 3,

    /// <summary>Something was altered, replayed, truncated or sealed under another key.</summary>
    Integrity = 4,

    /// <summary>A policy or a party said no.</summary>
    Refused = 5,

    /// <summary>The thing named does not exist, or not for the one who asks.</summary>
    NotFound = 6,

    /// <summary>The thing named is in a state that does not allow this.</summary>
    Conflict = 7,

    /// <summary>A host, device or agent cannot be reached, or ended in the middle.</summary>
    Unavailable = 8,

    /// <summary>The job ran and ended without a result.</summary>
    JobFailed = 9,

    /// <summary>Disk or database refused a write or a read.</summary>
    Storage = 10,
}
