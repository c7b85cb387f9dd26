using Orchestrator.Errors;

namespace Orchestrator.Device;

/// <summary>Ways in which the device refuses or fails. The last group are security exceptions: the run ends, keys and memory are scrubbed.</summary>
public static class DeviceErrors
{
    private const string AskHost = "Somebody with access to the host's storage or network altered it; restore the object from its owner and run the job again.";
    private const string StartOver = "Reset the device and start the session again.";

    /// <summary>A state folder is held by another process.</summary>
    public static readonly ErrorCode StateInUse = new("device-state-in-use", ErrorClass.Conflict,
        "Another process uses the device's state folder.", "Stop the other device, or give this one its own folder.");

    /// <summary>A state file is not what the device wrote.</summary>
    public static readonly ErrorCode StateDamaged = new("device-state-damaged", ErrorClass.Storage,
        "A file of the device's state is damaged.", "Restore the folder from a copy, or provision a new device in an empty folder.");

    /// <summary>A monotonic counter went back.</summary>
    public static readonly ErrorCode CounterRolledBack = new("device-counter-rolled-back", ErrorClass.Integrity,
        "A monotonic counter of the device was put back to an earlier state.", "Somebody altered the device's state folder. Provision a new device in an empty folder, and ask who did.");

    /// <summary>The address to serve at is taken or not this machine's.</summary>
    public static readonly ErrorCode AddressUnavailable = new("device-address-unavailable", ErrorClass.Unavailable,
        "The device cannot serve at the address given.", "Choose another address and port; port 0 takes any that is free.");

    /// <summary>Firmware files are missing.</summary>
    public static readonly ErrorCode FirmwareMissing = new("device-firmware-missing", ErrorClass.Usage,
        "Firmware files of the device are missing or unreadable.", "Install the device, the tiles and their libraries in one folder.");

    /// <summary>The ICU's image is not one.</summary>
    public static readonly ErrorCode FirmwareInvalid = new("device-firmware-invalid", ErrorClass.Input,
        "The ICU firmware image is damaged.", "Install the image that belongs to this build.");

    /// <summary>A measurement came at another time than right after a reset.</summary>
    public static readonly ErrorCode MeasurementRefused = new("device-measurement-refused", ErrorClass.Conflict,
        "A firmware measurement came late or twice.", StartOver);

    /// <summary>A command that the present state does not allow.</summary>
    public static readonly ErrorCode CommandIllegal = new("device-command-illegal", ErrorClass.Conflict,
        "The device's state does not allow the command; nothing was changed.", "Follow the order of a session, or reset the device.");

    /// <summary>An access past the mailbox's session, in trusted mode.</summary>
    public static readonly ErrorCode AccessLocked = new("device-access-locked", ErrorClass.Refused,
        "The device has locked its host out: memory, registers, firmware and debugging are closed; nothing was changed.", "Reset the device, which scrubs it, and use it in ordinary mode.");

    /// <summary>An access in ordinary mode to something that is not there.</summary>
    public static readonly ErrorCode AccessOutOfRange = new("device-access-out-of-range", ErrorClass.Input,
        "The device has no such address, register or slot.", "Stay within the sizes that the ICU image gives.");

    /// <summary>Trusted mode is not for a device that a debugger may have changed.</summary>
    public static readonly ErrorCode DebuggerAttached = new("device-debugger-attached", ErrorClass.Conflict,
        "A debugger was attached since the last reset, so the device does not enter trusted mode.", "Reset the device, then enter trusted mode.");

    /// <summary>The parties' nonces are not one each.</summary>
    public static readonly ErrorCode NoncesInvalid = new("device-nonces-invalid", ErrorClass.Input,
        "The device needs one nonce of 32 bytes from every party of the manifest, and from nobody else.", "Ask every party's agent for a nonce.");

    /// <summary>The manifest does not accept this device.</summary>
    public static readonly ErrorCode FirmwareNotAccepted = new("device-firmware-not-accepted", ErrorClass.Refused,
        "The manifest does not accept this device's firmware.", "Use a device with firmware that the manifest lists, or agree on a manifest that lists this device's.");

    /// <summary>The manifest asks for something that this device lacks.</summary>
    public static readonly ErrorCode Unsupported = new("device-unsupported", ErrorClass.Refused,
        "The manifest asks for something that this device does not do.", "Agree on a manifest without it.");

    /// <summary>A second package by a party.</summary>
    public static readonly ErrorCode PackageRepeated = new("device-package-repeated", ErrorClass.Conflict,
        "The party's key package is staged already.", "Stage the packages of the other parties.");

    /// <summary>Not all parties have released their keys.</summary>
    public static readonly ErrorCode PackagesMissing = new("device-packages-missing", ErrorClass.Conflict,
        "Not every party's key package is staged.", "Stage a key package of every party, then commit.");

    /// <summary>The confinement that the device should start its tiles in does not work here.</summary>
    public static readonly ErrorCode ConfinementUnavailable = new("device-confinement-unavailable", ErrorClass.Usage,
        "The tiles cannot be confined on this machine.", "Install bubblewrap 0.8 or later and allow user namespaces, or start the device with --allow-unconfined-tiles, which its quotes will say.");

    /// <summary>The tiles tried what a program might, and reached something.</summary>
    public static readonly ErrorCode TilesUnconfined = new("device-tiles-unconfined", ErrorClass.Refused,
        "The tiles can reach what their confinement should keep from them.",
        "Remove what lets them, as the message names it; or start the device with --allow-unconfined-tiles, which its quotes will say.");

    /// <summary>The tiles did not come up, or ended in the middle.</summary>
    public static readonly ErrorCode TilesLost = new("device-tiles-lost", ErrorClass.Unavailable,
        "The tiles ended before the run was over.", StartOver);

    /// <summary>The tiles asked for another frame than the plan's next.</summary>
    public static readonly ErrorCode TilesOutOfPlan = new("device-tiles-out-of-plan", ErrorClass.Integrity,
        "The tiles departed from the order that the plan prescribes.", StartOver);

    /// <summary>The training failed; why stays inside, because it might tell of data.</summary>
    public static readonly ErrorCode TrainingFailed = new("device-training-failed", ErrorClass.JobFailed,
        "The training failed on the tiles.", "Rehearse the job with 'orchestrator job plan', which says more.");

    /// <summary>The host went away in the middle of a run.</summary>
    public static readonly ErrorCode HostLost = new("device-host-lost", ErrorClass.Unavailable,
        "The host went away in the middle of a run.", StartOver);

    /// <summary>The host called the run off.</summary>
    public static readonly ErrorCode RunCancelled = new("device-run-cancelled", ErrorClass.JobFailed,
        "The host called the run off.", StartOver);

    /// <summary>The host has not got what the device asked for.</summary>
    public static readonly ErrorCode DataUnavailable = new("device-data-unavailable", ErrorClass.Unavailable,
        "The host cannot give the device a part of a stream.", "Upload the stream to the host again, then run the job again.");

    /// <summary>The host sent something that the device did not ask for.</summary>
    public static readonly ErrorCode TransferUnexpected = new("device-transfer-unexpected", ErrorClass.Integrity,
        "The host sent something that the device did not ask for.", StartOver);

    /// <summary>Security exception: prologue or leaf hashes are not those that the manifest pins.</summary>
    public static readonly ErrorCode StreamSubstituted = new("device-stream-substituted", ErrorClass.Integrity,
        "A stream is not the one that the manifest names: its prologue or leaf hashes do not give the manifest's digest.", AskHost);

    /// <summary>Security exception: a stream's header or key is not what the manifest says.</summary>
    public static readonly ErrorCode StreamMismatch = new("device-stream-mismatch", ErrorClass.Integrity,
        "A stream's header or key does not fit the manifest.", "Let the stream's owner check its key and the manifest that it approved.");

    /// <summary>Security exception: the tag is wrong.</summary>
    public static readonly ErrorCode FrameForged = new("device-frame-forged", ErrorClass.Integrity,
        "A frame is not authentic: it was altered, cut, or sealed under another key.", AskHost);

    /// <summary>Security exception: a genuine frame at the wrong place.</summary>
    public static readonly ErrorCode FrameMisplaced = new("device-frame-misplaced", ErrorClass.Integrity,
        "A genuine frame came at the wrong place: frames were swapped, replayed or left out.", AskHost);

    /// <summary>Security exception: a frame that its owner sealed anew after the manifest was signed.</summary>
    public static readonly ErrorCode FrameSubstituted = new("device-frame-substituted", ErrorClass.Integrity,
        "A frame is authentic and in its place, but not the one that the manifest pins.", AskHost);

    /// <summary>Security exception: the program is not the manifest's.</summary>
    public static readonly ErrorCode ProgramSubstituted = new("device-program-substituted", ErrorClass.Integrity,
        "The program is not the one that the manifest names.", "Let the program's owner check what it sealed.");

    /// <summary>The tiles ended by themselves.</summary>
    public static readonly ErrorCode TilesCrashed = new("device-tiles-crashed", ErrorClass.JobFailed,
        "The tiles crashed by themselves, as a program can make them.",
        "Rehearse the job with `orchestrator job plan`; a program that crashes libtorch has to be changed. If others crash too, see the device's log.");

    /// <summary>A party has seen a later checkpoint.</summary>
    public static readonly ErrorCode CheckpointTooOld = new("device-checkpoint-too-old", ErrorClass.Refused,
        "A party does not let the job resume from a checkpoint as old as this one.", "Let the host resume from the newest checkpoint that it was given.");

    /// <summary>Security exception: not the checkpoint that was quoted, or not by a device that had all parties' keys.</summary>
    public static readonly ErrorCode CheckpointForged = new("device-checkpoint-forged", ErrorClass.Integrity,
        "The checkpoint is not the one that the device quoted, or was not sealed under the keys of this job's parties.",
        "Somebody with access to the host's storage altered it; only the job from its beginning is left, as a new manifest.");

    /// <summary>Memory was not clear after it was cleared: the device is broken, or somebody writes into it.</summary>
    public static readonly ErrorCode ScrubFailed = new("device-scrub-failed", ErrorClass.Internal,
        "Memory of the tiles is not zero after scrubbing.", "Switch the device off, and use another one.");

    /// <summary>A defect of the device.</summary>
    public static readonly ErrorCode Failed = new("device-failed", ErrorClass.Internal,
        "The device failed unexpectedly.", "See the device's log, and reset it.");
}
