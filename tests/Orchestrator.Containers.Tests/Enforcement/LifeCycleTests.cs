using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Tests.Enforcement;

public sealed class LifeCycleTests
{
    private static readonly string s_policy = Policy.WithOneContainer("0.5.0");
    private static readonly string s_id = Group.Id('a');

    [Fact]
    public void A_container_runs_once_under_its_id()
    {
        var group = new Group(s_policy);
        group.Refuse(Group.Exec(s_id, "top"), "container not started", "invalid command", "invalid noNewPrivileges", "invalid user", "invalid working directory");
        group.Prepare(s_id, '1', 1);

        group.Admit(Group.Create(s_id));
        group.Refuse(Group.Create(s_id), "container already started");
        group.Admit(Group.Exec(s_id, "top"));
        group.Refuse(Group.Exec(s_id, "sh"), "invalid command");
        group.Admit(new SignalProcess(s_id, 1, true, []));
        group.Admit(new SignalProcess(s_id, 2, false, ["top"]));
        group.Refuse(new SignalProcess(s_id, 9, true, []), "target isn't allowed to receive the signal");
        group.Refuse(new SignalProcess(s_id, 2, false, ["sh"]), "target isn't allowed to receive the signal");
        group.Admit(new ShutdownContainer(s_id));
        group.Admit(new ShutdownContainer(s_id));
        group.Refuse(new SignalProcess(s_id, 1, true, []), "target isn't allowed to receive the signal");

        group.Admit(new UnmountOverlay($"/run/gcs/c/{s_id}/rootfs"));
        group.Admit(new MountOverlay(s_id, ["/run/mounts/scsi/m1"], $"/run/gcs/c/{s_id}/rootfs"));
        group.Refuse(Group.Create(s_id), "container already started");
    }

    /// <summary>Otherwise what is compiled beforehand is how requests are refused.</summary>
    [Fact]
    public void A_rehearsal_goes_through_a_containers_whole_life()
    {
        Assert.True(new PolicyEngine(PolicyReader.Read(s_policy), new GroupEnvironment()).Rehearse());
    }

    [Fact]
    public void Each_aspect_of_a_container_is_compared()
    {
        CreateContainer right = Group.Create(s_id);
        (CreateContainer Request, string Error)[] wrong =
        [
            (right with { Process = right.Process with { Command = ["/bin/prepare", "-x"] } }, "invalid command"),
            (right with { Process = right.Process with { Command = ["/bin/Prepare"] } }, "invalid command"),
            (right with { Process = right.Process with { WorkingDirectory = "/tmp" } }, "invalid working directory"),
            (right with { Process = right.Process with { Environment = ["LD_PRELOAD=/x"] } }, "invalid env list: LD_PRELOAD"),
            (right with { Privileges = right.Privileges with { NoNewPrivileges = false } }, "invalid noNewPrivileges"),
            (right with { Privileges = right.Privileges with { User = new Identity("1", "root") } }, "invalid user"),
            (right with { Privileges = right.Privileges with { Groups = [new Identity("0", "root")] } }, "invalid user"),
            (right with { Privileges = right.Privileges with { Umask = "0022" } }, "invalid user"),
            (right with { Privileges = right.Privileges with { Capabilities = new(["CAP_KILL", "CAP_SYS_ADMIN"], [], [], [], []) } }, "capabilities don't match"),
            (right with { Privileges = right.Privileges with { Capabilities = CapabilitySets.None } }, "capabilities don't match"),
            (right with { Privileged = true }, "privileged escalation not allowed"),
            (right with { SeccompProfile = "" }, "invalid seccomp"),
            (right with { Devices = ["/dev/sda"] }, "devices not supported"),
            (right with { Mounts = [new("/data", "/host", "bind", ["rbind", "rw"])] }, "invalid mount list: /data"),
        ];
        foreach ((CreateContainer request, string error) in wrong)
        {
            var group = new Group(s_policy);
            group.Prepare(s_id, '1', 1);
            group.Refuse(request, error);
            group.Admit(right);
        }
    }

    [Fact]
    public void Layers_are_mounted_by_hash_once_and_in_order()
    {
        string two = s_policy.Replace($"\"layers\": [\"{Group.Hash('1')}\"]", $"\"layers\": [\"{Group.Hash('1')}\", \"{Group.Hash('2')}\"]", StringComparison.Ordinal);
        var group = new Group(two);
        group.Refuse(new MountDevice("/run/mounts/scsi/m1", Group.Hash('3'), Group.DevicePattern), "deviceHash not found");
        group.Refuse(new MountDevice("/run/mounts/scsi/m1/../m2", Group.Hash('1'), Group.DevicePattern), "mountpoint invalid");
        group.Admit(new MountDevice("/run/mounts/scsi/m1", Group.Hash('1'), Group.DevicePattern));
        group.Refuse(new MountDevice("/run/mounts/scsi/m1", Group.Hash('2'), Group.DevicePattern), "device already mounted at path");
        group.Admit(new MountDevice("/run/mounts/scsi/m2", Group.Hash('2'), Group.DevicePattern));

        group.Refuse(new MountOverlay(s_id, ["/run/mounts/scsi/m1"], "/o"), "no matching containers for overlay");
        group.Refuse(new MountOverlay(s_id, ["/run/mounts/scsi/m1", "/run/mounts/scsi/m2"], "/o"), "no matching containers for overlay");
        group.Admit(new MountOverlay(s_id, ["/run/mounts/scsi/m2", "/run/mounts/scsi/m1"], "/o"));
        group.Refuse(new MountOverlay(s_id, ["/run/mounts/scsi/m2", "/run/mounts/scsi/m1"], "/p"), "overlay has already been mounted");
        group.Refuse(new MountOverlay(Group.Id('b'), ["/run/mounts/scsi/m2", "/run/mounts/scsi/m1"], "/o"), "overlay has already been mounted");
        group.Admit(new UnmountDevice("/run/mounts/scsi/m1"));
        group.Refuse(new UnmountDevice("/run/mounts/scsi/m1"), "no device at path to unmount");
    }

    [Fact]
    public void What_an_exec_rules_out_stays_ruled_out()
    {
        // Two containers that differ only in what may be started in them later.
        string container = Between(s_policy, "containers := [", "\n}]");
        string other = container.Replace("\"top\"", "\"ps\"", StringComparison.Ordinal).Replace("\"signals\": [1]", "\"signals\": [3]", StringComparison.Ordinal);
        var group = new Group(s_policy.Replace(container, $"{container}\n}}, {other}", StringComparison.Ordinal));
        group.Prepare(s_id, '1', 1);
        group.Admit(Group.Create(s_id));
        Assert.Equal(2, group.State.Candidates[s_id].Length);

        group.Admit(Group.Exec(s_id, "ps"));

        group.Refuse(Group.Exec(s_id, "top"), "invalid command");
        group.Refuse(new SignalProcess(s_id, 1, true, []), "target isn't allowed to receive the signal");
        group.Admit(new SignalProcess(s_id, 3, true, []));
    }

    [Fact]
    public void Candidates_that_differ_in_their_streams_alone_leave_it_undecided()
    {
        string container = Between(s_policy, "containers := [", "\n}]");
        string other = container.Replace("\"allow_stdio_access\": false", "\"allow_stdio_access\": true", StringComparison.Ordinal);
        var group = new Group(s_policy.Replace(container, $"{container}\n}}, {other}", StringComparison.Ordinal));
        group.Prepare(s_id, '1', 1);

        group.Refuse(Group.Create(s_id), "containers only distinguishable by allow_stdio_access");
    }

    [Fact]
    public void A_share_is_only_for_the_container_that_it_was_mounted_for()
    {
        const string Prefix = "/mounts/m[0-9]+";
        var group = new Group(s_policy.Replace("\"mounts\": []", "\"mounts\": [{\"destination\": \"/in\", \"source\": \"plan9://\", \"type\": \"bind\", \"options\": [\"ro\"]}]", StringComparison.Ordinal));
        string target = $"/run/gcs/c/{s_id}/mounts/m1";
        group.Refuse(new MountShare(target, "/run/gcs/c", Prefix), "no container has shares at path");
        group.Prepare(s_id, '1', 1);
        group.Admit(new MountShare(target, "/run/gcs/c", Prefix));
        group.Refuse(new MountShare(target, "/run/gcs/c", Prefix), "device already mounted at path");
        group.Admit(new MountOverlay(Group.Id('b'), ["/run/mounts/scsi/m1"], "/b"));

        MountRequest share = new("/in", target, "bind", ["ro"]);
        group.Refuse(Group.Create(Group.Id('b')) with { Mounts = [share] }, "invalid mount list: /in");
        group.Admit(Group.Create(s_id) with { Mounts = [share] });
    }

    [Theory]
    [InlineData("/run/gcs/c/sandbox/sandboxMounts/tmp/a1", true)]
    [InlineData("/evil/run/gcs/c/sandbox/sandboxMounts/tmp/a1", false)]
    [InlineData("/run/gcs/c/sandbox/sandboxMounts/tmp/a1/../../x", false)]
    [InlineData("/run/gcs/c/sandboxXsandboxMounts/tmp/a1", false)]
    [InlineData("sandbox:///tmp/a[0-9]", true)]
    public void A_sandbox_mount_is_below_the_groups_folder(string source, bool admitted)
    {
        var group = new Group(s_policy.Replace("\"mounts\": []", "\"mounts\": [{\"destination\": \"/in\", \"source\": \"sandbox:///tmp/a[0-9]\", \"type\": \"bind\", \"options\": [\"rbind\", \"rw\"]}]", StringComparison.Ordinal));
        group.Prepare(s_id, '1', 1);

        Assert.Equal(admitted, group.Ask(Group.Create(s_id) with { Mounts = [new("/in", source, "bind", ["rw", "rbind"])] }).Allowed);
    }

    [Fact]
    public void A_policy_that_could_name_a_point_and_does_not_refuses_it()
    {
        var older = new Group("package policy\napi_version := \"0.6.0\"");
        older.Admit(new FlaggedAccess("get_properties"));
        older.Refuse(new UnmountOverlay("/o"), "rule for unmount_overlay is missing from policy");

        var silent = new Group("package policy\nmount_device := {\"allowed\": true}");
        silent.Refuse(new MountDevice("/x", Group.Hash('1'), ".*"), "api_version is missing from the policy");

        var all = new Group("package policy\napi_version := \"0.12.0\"\nmount_device := {\"allowed\": true}\ndump_stacks := {\"allowed\": false}");
        all.Admit(new MountDevice("/x", Group.Hash('1'), ".*"));
        all.Refuse(new FlaggedAccess("dump_stacks"));
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
