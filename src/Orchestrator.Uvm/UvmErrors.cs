using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>Ways in which utility VMs fail.</summary>
public static class UvmErrors
{
    /// <summary>No image.</summary>
    public static readonly ErrorCode ImageMissing = new("uvm-image-missing", ErrorClass.NotFound, "The folder holds no image of the utility VM.", "Build one: eng/setup.sh uvm, then eng/build-uvm.sh.");

    /// <summary>Another image than was measured.</summary>
    public static readonly ErrorCode ImageChanged = new("uvm-image-changed", ErrorClass.Integrity, "The image is not what was measured when it was built.", "Build it again with eng/build-uvm.sh.");

    /// <summary>No QEMU.</summary>
    public static readonly ErrorCode MachineMissing = new("uvm-qemu-missing", ErrorClass.Unavailable, "QEMU is not installed.", "Run eng/setup.sh uvm, or install qemu-system-x86.");

    /// <summary>Wrong size or devices.</summary>
    public static readonly ErrorCode PlanInvalid = new("uvm-plan-invalid", ErrorClass.Usage, "No machine can be made like that.", "Ask for what the message says.");

    /// <summary>It did not start.</summary>
    public static readonly ErrorCode NotStarted = new("uvm-not-started", ErrorClass.Unavailable, "The utility VM did not start.", "Read what the machine said; give it time and memory, and try again.");

    /// <summary>No memory for it.</summary>
    public static readonly ErrorCode NoMemory = new("uvm-no-memory", ErrorClass.Unavailable, "The host has not the memory that the utility VM asks for.", "Free memory, or let the group ask for less (`memory` in its group file). A host's job is tried again by itself.");

    /// <summary>No disk for its scratch.</summary>
    public static readonly ErrorCode NoSpace = new("uvm-no-space", ErrorClass.Unavailable, "The host's disk has no room for the utility VM's scratch.", "Free space where the layer images are (the shim's --state), or move them to a larger disk. A host's job is tried again by itself.");

    /// <summary>It was killed.</summary>
    public static readonly ErrorCode Killed = new("uvm-killed", ErrorClass.Unavailable, "The utility VM was killed from outside.", "Try again; its keys and everything in it are gone. If it was signal 9 and nobody sent it, the host ran out of memory.");

    /// <summary>Its kernel gave up.</summary>
    public static readonly ErrorCode Panicked = new("uvm-panicked", ErrorClass.Unavailable, "The utility VM's kernel gave up.", "Try again, with more memory if it ran out of it; its keys and everything in it are gone.");

    /// <summary>It had too little memory.</summary>
    public static readonly ErrorCode OutOfMemory = new("uvm-out-of-memory", ErrorClass.Unavailable, "The utility VM ran out of memory, and ended.", "Give it more memory, then try again; its keys and everything in it are gone.");

    /// <summary>Its agent ended.</summary>
    public static readonly ErrorCode AgentEnded = new("uvm-agent-ended", ErrorClass.Unavailable, "The utility VM's agent ended, and the machine with it.", "Try again; its keys and everything in it are gone.");
}
