using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Tests.Fragments;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>Policies and requests at random, out of so few parts that they often nearly fit each other.</summary>
internal sealed class Hostile(int seed)
{
    private const string DevicePattern = "/run/mounts/scsi/m[0-9]+";

    private static readonly string[] Commands = ["/bin/join a", "/bin/join b", "/bin/sh", "/usr/bin/env sh", "/bin/top"];
    private static readonly string[] Patterns = ["A=.*", "DEBUG=1", "DEBUG=.*", "A=1|LD_PRELOAD=.*", "(A|B)=[0-9]", "", ".+", "LD_.*"];
    private static readonly string[] Variables = ["A=1", "DEBUG=1", "DEBUG=2", "LD_PRELOAD=/x", "", "B=2", "A=1;evil"];
    private static readonly string[] Layers = ["1", "12", "11", "2", ""];
    private static readonly (string, string)[] Users = [("any", ""), ("id", "0"), ("id", "1000"), ("name", "root"), ("re2", "r.*|app"), ("re2", "")];
    private static readonly Identity[] People = [new("0", "root"), new("0", ""), new("1000", "app"), new("1000", "root"), new("7", "x")];
    private static readonly string[][] Capabilities = [[], ["CAP_KILL"], ["CAP_KILL", "CAP_SYS_ADMIN"], ["CAP_SYS_ADMIN"]];
    private static readonly (string, string)[] Mounts = [("/data", "sandbox:///tmp/.+"), ("/data", "sandbox:///tmp/a"), ("/in", "plan9://x"), ("/etc", "/host")];
    private static readonly string[] Ids = [new('a', 64), new('b', 64), new('c', 64)];
    private static readonly string[] Rules = ["allow_environment_variable_dropping := true", "allow_capability_dropping := true", "allow_unencrypted_scratch := true", "allow_dump_stacks := true"];

    private static readonly string[] Free =
    [
        "exec_in_container := {\"allowed\": true}", "create_container := {\"allowed\": true}", "mount_overlay := {\"allowed\": true}", "mount_device := {\"allowed\": true}",
        "exec_external := {\"allowed\": true}", "plan9_mount := {\"allowed\": false}", "signal_container_process := {\"allowed\": true}",
        "create_container := {\"allowed\": true, \"allow_stdio_access\": true}",
        "platform_rules := [{\"env_rules\": [{\"pattern\": \"DEBUG=1\", \"strategy\": \"re2\", \"required\": false}], \"mounts\": []}, {\"env_rules\": [], \"mounts\": []}]",
    ];

    private static readonly string[] Apis = ["0.10.0", "0.10.0", "0.10.0", "0.12.0", "0.9.0", "0.4.0", "0.1.0"];
    private static readonly string[] Frameworks = ["0.5.0", "0.5.0", "0.4.0", "0.2.1", "0.1.0"];

    private static readonly string[] Kinds = ["containers", "external_processes", "fragments", "platform_rules", "namespace"];
    private static readonly Publisher Publisher = new();

    private readonly Random _random = new(seed);
    private readonly List<VerifiedFragment> _fragments = [];

    /// <summary>A policy of a few containers that look much the same.</summary>
    public string Policy(int boxes)
    {
        string rules = string.Join('\n', Rules.Where(_ => Rarely(3)).Concat(Rarely(2) ? [One(Free)] : []));
        rules += Rarely(3) ? "" : $"\nfragments := [{Reference("one")}, {Reference("two")}]";
        string beside = Rarely(2) ? $"\nexternal_processes := [{string.Join(", ", Enumerable.Range(0, 2).Select(_ => Beside()))}]" : "";
        return Written.Policy(One(Apis), rules.Contains("platform_rules", StringComparison.Ordinal) ? "0.5.0" : One(Frameworks), rules + beside, [.. Enumerable.Range(0, boxes).Select(_ => Box())]);
    }

    /// <summary>Requests that now and then fit.</summary>
    public EnforcementRequest Request(ExecutionPolicy policy)
    {
        string id = One(Ids);
        return _random.Next(16) switch
        {
            0 or 1 => new MountDevice(Device(), new string(One(["1", "2", "3"])[0], 64), DevicePattern),
            2 or 3 => new MountOverlay(id, [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Device())], $"/o/{_random.Next(4)}"),
            4 => new UnmountDevice(Device()),
            5 => new UnmountOverlay($"/o/{_random.Next(4)}"),
            6 or 7 or 8 => Create(policy, id),
            9 => Exec(policy, id),
            10 => Rarely(3) ? new LoadFragment(One<VerifiedFragment>([.. Fragments()])) : Exec(policy, id),
            11 => new SignalProcess(id, One([1L, 2, 9, 15]), Rarely(2), [.. One(Commands).Split(' ')]),
            12 => Rarely(5) ? new ShutdownContainer(id) : new ExecExternal(new ProcessRequest([.. One(Commands).Split(' ')], Environment(), "/")),
            13 => One<EnforcementRequest>([new MountScratch($"/s/{_random.Next(2)}", Rarely(2)), new UnmountScratch($"/s/{_random.Next(2)}"), new MountWritableDevice(Device(), Rarely(2), true, "ext4", DevicePattern), new UnmountWritableDevice(Device())]),
            14 => One<EnforcementRequest>([new MountShare($"/run/gcs/c/{id}/mounts/m1", "/run/gcs/c", "/mounts/m[0-9]"), new UnmountShare($"/run/gcs/c/{id}/mounts/m1"), new BlockDevice("mount_blockdev", "/x")]),
            _ => One<EnforcementRequest>([new FlaggedAccess("dump_stacks"), new FlaggedAccess("get_properties"), new FlaggedAccess("runtime_logging"), new FlaggedAccess("host_network"), new OfferFragment("did:x", "f")]),
        };
    }

    // What their issuer makes of the policy's trust.
    private IEnumerable<VerifiedFragment> Fragments()
    {
        while (_fragments.Count < 4)
        {
            string text = $"package f\nsvn := \"1\"\nframework_version := \"0.5.0\"\ncontainers := {Written.Containers(Box(), Box())}\nexternal_processes := [{Beside()}]\nfragments := [{Reference("two")}]\nplatform_rules := [{{\"env_rules\": [{{\"pattern\": \"{One(Patterns)}\", \"strategy\": \"re2\", \"required\": false}}], \"mounts\": []}}]";
            _fragments.Add(Publisher.Publish(text, _fragments.Count % 2 == 0 ? "one" : "two"));
        }

        return _fragments;
    }

    private string Reference(string feed) =>
        $"{{\"issuer\": \"{Publisher.Issuer}\", \"feed\": \"{feed}\", \"minimum_svn\": \"1\", \"includes\": [{string.Join(", ", Kinds.Where(_ => Rarely(5)).Select(kind => $"\"{kind}\""))}]}}";

    private Box Box() => new(One(Commands))
    {
        Name = One(["join", "", "decoy"]),
        Env = [.. Patterns.Where(_ => Rarely(4))],
        RequiredEnv = Rarely(5) ? [One(Patterns)] : [],
        Layers = One(Layers),
        Exec = [.. Commands.Where(_ => Rarely(3))],
        ExecSignals = [9],
        Signals = Rarely(2) ? [1, 15] : [],
        User = One(Users),
        Groups = Rarely(3) ? [One(Users)] : [],
        Capabilities = Rarely(6) ? null : One(Capabilities),
        Mounts = [.. Mounts.Where(_ => Rarely(4))],
        Elevated = Rarely(3),
        Stdio = Rarely(2),
        NoNewPrivileges = Rarely(2),
        Seccomp = "",
    };

    // One of the policy's containers, with a thing or two of somebody else's.
    private CreateContainer Create(ExecutionPolicy policy, string id)
    {
        ContainerPolicy some = One([.. policy.Containers]);
        ContainerPolicy other = Rarely(4) ? One([.. policy.Containers]) : some;
        return new CreateContainer(id, new ProcessRequest(some.Command, Environment(), other.WorkingDirectory), Privileges(other))
        {
            Mounts = Rarely(3) ? [new MountRequest("/data", One(["/sandbox/tmp/a", "/sandbox/tmp/../..", "sandbox:///tmp/a", "/host"]), "bind", ["rw", "rbind"])] : [],
            Devices = Rarely(20) ? ["/dev/x"] : [],
            Privileged = Rarely(3),
            SeccompProfile = "",
            IsSandboxContainer = Rarely(9),
            SandboxDirectory = "/sandbox",
            HugePagesDirectory = "/pages",
        };
    }

    private ExecInContainer Exec(ExecutionPolicy policy, string id) =>
        new(id, new ProcessRequest([.. One(Commands).Split(' ')], Environment(), "/"), Privileges(One([.. policy.Containers])));

    private ProcessPrivileges Privileges(ContainerPolicy container)
    {
        ImmutableArray<string> named = [.. One(Capabilities)];
        CapabilitySets capabilities = container.Capabilities is { } own && !Rarely(4) ? own : new CapabilitySets(named, named, [], named, []);
        return new ProcessPrivileges(!Rarely(4), One(People), Rarely(4) ? [One(People)] : [], Rarely(9) ? "0077" : "0022", capabilities);
    }

    private ImmutableArray<string> Environment() => [.. Variables.Where(_ => Rarely(6))];

    private string Beside() =>
        $"{{\"command\": [\"{string.Join("\", \"", One(Commands).Split(' '))}\"], \"env_rules\": [{{\"pattern\": \"{One(Patterns)}\", \"strategy\": \"re2\", \"required\": false}}], \"working_dir\": \"/\", \"allow_stdio_access\": {(Rarely(2) ? "true" : "false")}}}";

    private string Device() => $"/run/mounts/scsi/m{_random.Next(4)}";

    private bool Rarely(int times) => _random.Next(times) == 0;

    private T One<T>(T[] choices) => choices[_random.Next(choices.Length)];
}
