namespace TorchSharp;

/// <summary>Kinds of device; this build computes on the CPU.</summary>
public enum DeviceType
{
    /// <summary>The processor.</summary>
    CPU = 0,

    /// <summary>An NVIDIA accelerator.</summary>
    CUDA = 1,
}

public static partial class torch
{
    /// <summary>Where a tensor lives.</summary>
    public sealed class Device
    {
        /// <summary>Names a device.</summary>
        public Device(DeviceType type, int index = -1)
        {
            this.type = type;
            this.index = index;
        }

        /// <summary>Its kind.</summary>
        public DeviceType type { get; }

        /// <summary>Which of its kind; -1 where there is one.</summary>
        public int index { get; }

        internal void RequireCpu() => RequireCpu(type);

        internal static void RequireCpu(DeviceType type)
        {
            if (type != DeviceType.CPU)
            {
                throw new InvalidOperationException($"{type} is not available");
            }
        }
    }
}
