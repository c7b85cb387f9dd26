using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Scripts;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>Policies that seem to say what they do not. <em>Holds</em> must never be wrong.</summary>
public sealed class MisleadingPolicyTests
{
    private const string Beside = "external_processes := [{\"command\": [\"/bin/ls\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": false}]";

    private static readonly Box Join = new("/bin/join a.csv b.csv") { Name = "join" };

    public static TheoryData<string, string, Verdict> Cases()
    {
        var cases = new TheoryData<string, string, Verdict>();
        Programs(cases);
        Streams(cases);
        Variables(cases);
        Versions(cases);
        Rest(cases);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_prover_is_not_misled(string policy, string assertion, Verdict expected)
    {
        ExecutionPolicy read = PolicyReader.Read(policy);
        var prover = new Prover(read, new GroupEnvironment());
        prover.Check();

        Answer answer = prover.Ask(assertion);

        Assert.True(expected == answer.Verdict, $"{answer.Verdict}: {string.Join("; ", answer.Reasons)}");
        Assert.True(expected != Verdict.Unknown || !answer.Reasons.IsEmpty);
        Replays(read, answer);
    }

    [Theory]
    [InlineData("join is safe")]
    [InlineData("never")]
    [InlineData("never exec")]
    [InlineData("never exec [1]")]
    [InlineData("never exec /bin/sh in")]
    [InlineData("never exec /bin/sh unless asked")]
    [InlineData("never never exec /bin/sh")]
    [InlineData("stdout of join stays")]
    [InlineData("never env =x")]
    [InlineData("never env matching (?=x)")]
    [InlineData("never mount data")]
    [InlineData("never signal KILLALL")]
    [InlineData("fragments may add everything")]
    [InlineData("only env")]
    [InlineData("never exec ls.")]
    [InlineData("never exec ls!")]
    [InlineData("never exec '/bin/ls'")]
    [InlineData("never exec “ls”")]
    [InlineData("never exec `ls`")]
    [InlineData("never exec /bin/*")]
    [InlineData("never exec l?")]
    [InlineData("never exec \"ls -l\"")]
    [InlineData("never exec ls,cat")]
    [InlineData("never exec /")]
    [InlineData("never exec []")]
    [InlineData("never exec [\"\"]")]
    [InlineData("never exec {\"a\":1}")]
    [InlineData("never exec any")]
    [InlineData("never exec everything")]
    [InlineData("never exec programs")]
    [InlineData("never env LD_*")]
    [InlineData("never env LD_PRELOAD.")]
    [InlineData("never env $LD_PRELOAD")]
    [InlineData("never env 'LD_PRELOAD'")]
    [InlineData("never env A=*")]
    [InlineData("never env matching")]
    [InlineData("no environment variables")]
    [InlineData("never env anything")]
    [InlineData("only env A*")]
    [InlineData("never mount /etc/*")]
    [InlineData("never mount /etc.")]
    [InlineData("never user *")]
    [InlineData("never user anyone")]
    [InlineData("never group 'wheel'")]
    [InlineData("never capability SYSADMIN")]
    [InlineData("never capability SYS_ADMIN.")]
    [InlineData("never capability any")]
    [InlineData("never signal 0")]
    [InlineData("never signal 99")]
    [InlineData("never layer 11")]
    [InlineData("only layers 11")]
    [InlineData("always seccomp on")]
    [InlineData("fragments only from *")]
    [InlineData("never privileged.")]
    public void What_is_not_understood_does_not_hold(string assertion)
    {
        var prover = new Prover(PolicyReader.Read(Written.Policy(Join with { Exec = ["/bin/ls"] })), new GroupEnvironment());

        if (assertion == "never exec")
        {
            Assert.Equal(Verdict.Broken, prover.Ask(assertion).Verdict);
            return;
        }

        Assert.Equal(ProofErrors.Assertion, Assert.Throws<OrchestratorException>(() => prover.Ask(assertion)).Code);
    }

    [Theory]
    [InlineData("no privileged containers", "never privileged")]
    [InlineData("join never execs /bin/sh", "never exec /bin/sh in join")]
    [InlineData("container join never runs as root", "never root in container join")]
    [InlineData("containers never run as user 0", "never user 0")]
    [InlineData("never run a shell in join", "never exec a shell in join")]
    [InlineData("no shell", "never exec a shell")]
    [InlineData("join never gets env LD_PRELOAD", "never env LD_PRELOAD in join")]
    [InlineData("stdout of join never leaves", "stdout of join stays inside")]
    [InlineData("join never has capability CAP_KILL", "never capability KILL of join")]
    [InlineData("never allow host network", "never host_network")]
    [InlineData("never exec \"/bin/sh\"", "never exec /bin/sh")]
    public void A_claim_may_be_put_in_other_words(string words, string same)
    {
        foreach (Box box in new[] { Join, Join with { Elevated = true, Exec = ["/bin/sh"], User = ("any", ""), Env = [".*"], Stdio = true, Capabilities = ["CAP_KILL"] } })
        {
            var prover = new Prover(PolicyReader.Read(Written.Policy(box)), new GroupEnvironment());
            (Answer one, Answer other) = (prover.Ask(words), prover.Ask(same));

            Assert.Equal((other.Verdict, other.Counterexample.Length), (one.Verdict, one.Counterexample.Length));
        }
    }

    [Fact]
    public void A_claim_about_nothing_does_not_hold()
    {
        var prover = new Prover(PolicyReader.Read(Written.Policy(Join)), new GroupEnvironment());

        Assert.Equal(ProofErrors.Subject, Assert.Throws<OrchestratorException>(() => prover.Ask("stdout of jion stays inside")).Code);
    }

    private static void Programs(TheoryData<string, string, Verdict> cases)
    {
        const string NoShell = "never exec /bin/sh";
        cases.Add(Written.Policy(Join), NoShell, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/sh -c id"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/bin//./sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/usr/../bin/sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["bin/sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/usr/bin/sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/usr/bin/env sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/busybox sh"] }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/opt/busybox/sh"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/python3 -c os.execv('/bin/sh')"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/python3 -c __import__('o'+'s').execl('/b'+'in/s'+'h','x')"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/usr/bin/perl -we exec(join('',qw(s h)))"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["node -r esm --eval=run()"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/bash -o pipefail -c c''url"] }), "never exec curl", Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/bash -lc join;sort"] }), "never exec curl", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/python3 clean.py -c conf"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/python3 -m clean"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["socat - EXEC:sh"] }), NoShell, Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["vi -c :!sh"] }), NoShell, Verdict.Unknown);
        foreach (string host in new[] { "chroot /mnt", "unshare", "sudo -s", "capsh --", "flock f -c id", "vim", "tclsh" })
        {
            cases.Add(Written.Policy(Join with { Exec = [host] }), "never exec a shell", Verdict.Unknown);
        }

        cases.Add(Written.Policy(Join with { Exec = ["/bin/sash"] }), "never exec a shell", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/bash"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/bash"] }), "never exec a shell", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/app/run.sh"] }), "never exec a shell", Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/shred x"] }), "never exec a shell", Verdict.Holds);
        cases.Add(Written.Policy(new Box("/bin/sh -c join") { Name = "join" }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy("exec_in_container := {\"allowed\": true}", Join), NoShell, Verdict.Broken);
        cases.Add(Written.Policy("exec_in_container := {\"allowed\": false}", Join with { Exec = ["/bin/sh"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy("create_container := {\"allowed\": true}", Join), NoShell, Verdict.Broken);
        cases.Add(Written.Policy("exec_external := {\"allowed\": true}", Join), NoShell, Verdict.Broken);
        cases.Add(Written.Policy("external_processes := [{\"command\": [\"/bin/sh\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": false}]", Join), NoShell, Verdict.Broken);

        // Nothing is remembered of what everybody may mount, so that no container is ever created.
        cases.Add(Written.Policy("mount_overlay := {\"allowed\": true}", Join with { Exec = ["/bin/sh"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy("mount_device := {\"allowed\": true}", Join with { Exec = ["/bin/sh"] }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy("mount_device := {\"allowed\": false}", Join with { Exec = ["/bin/sh"], Layers = "" }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/sh"] }, new Box("/bin/other") { Layers = "2" }), "never exec /bin/sh in other", Verdict.Holds);

        // Neither decoy is ever created, for they are not to be told apart; but another container's ID can be given their root file system.
        Box hidden = new("/bin/sleep") { Layers = "2", Exec = ["/bin/sh"] };
        cases.Add(Written.Policy(hidden, hidden with { Stdio = true }), NoShell, Verdict.Holds);
        cases.Add(Written.Policy(Join, hidden, hidden with { Stdio = true }), NoShell, Verdict.Broken);
        cases.Add(Written.Policy("shutdown_container := {\"allowed\": false}", Join, hidden, hidden with { Stdio = true }), NoShell, Verdict.Holds);

        // The same image: which of both it is, the engine finds out by the command alone.
        cases.Add(Written.Policy(Join, new Box("/bin/other") { Exec = ["/bin/sh"] }), "never exec /bin/sh in join", Verdict.Broken);
        cases.Add(Written.Policy(Join, new Box("/bin/other") { Exec = ["/bin/sh"] }), "never exec /bin/sh in container join", Verdict.Holds);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Exec = ["/bin/sh"] }), "never exec /bin/sh in container join", Verdict.Broken);
    }

    private static void Streams(TheoryData<string, string, Verdict> cases)
    {
        const string Inside = "stdout of join stays inside";
        cases.Add(Written.Policy(Join), Inside, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Stdio = true }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join, new Box("/bin/log") { Stdio = true, Layers = "2" }), Inside, Verdict.Holds);
        cases.Add(Written.Policy(Join, new Box("/bin/log") { Stdio = true, Layers = "2" }), "stdout stays inside", Verdict.Broken);
        cases.Add(Written.Policy(Join, new Box("/bin/log") { Stdio = true, Layers = "2", Exec = ["/bin/join -"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Name = "" }), Inside, Verdict.Holds);
        cases.Add(Written.Policy(Join, new Box("/bin/sh -c join") { Stdio = true, Layers = "2" }), Inside, Verdict.Broken);

        // Not to be told apart: such a container is never created, and its streams never open.
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true }), Inside, Verdict.Holds);

        // The decoy may have a variable that join may not: with it the engine knows which one is meant.
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, Env = ["DEBUG=1"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["DEBUG=.*"] }, Join with { Name = "decoy", Stdio = true, Env = ["DEBUG=1"] }), Inside, Verdict.Holds);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["DEBUG=.*"] }, Join with { Name = "decoy", Stdio = true, Env = ["DEBUG=1"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, NoNewPrivileges = false }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join with { NoNewPrivileges = false }, Join with { Name = "decoy", Stdio = true }), Inside, Verdict.Holds);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, Mounts = [("/x", "sandbox:///a")] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, User = ("any", "") }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, Groups = [("name", "x")] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy(Join, Join with { Name = "decoy", Stdio = true, Elevated = true, Capabilities = null }), Inside, Verdict.Broken);
        cases.Add(Written.Policy("allow_environment_variable_dropping := true", Join, Join with { Name = "decoy", Stdio = true, Env = ["DEBUG=1"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy("allow_environment_variable_dropping := true", Join with { Env = ["A=.*"] }, Join with { Name = "decoy", Stdio = true, Env = ["B=.*"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy("allow_capability_dropping := true", Join with { Capabilities = ["CAP_KILL"] }, Join with { Name = "decoy", Stdio = true, Capabilities = ["CAP_CHOWN"] }), Inside, Verdict.Broken);
        cases.Add(Written.Policy("allow_capability_dropping := true", Join, Join with { Name = "decoy", Stdio = true, Capabilities = ["CAP_CHOWN", "CAP_CHOWN"] }), Inside, Verdict.Holds);
        const string Closed = "{\"command\": [\"/bin/log\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": false}";
        string open = Closed.Replace("false", "true", StringComparison.Ordinal);
        cases.Add(Written.Policy($"external_processes := [{Closed}]", Join), "stdout stays inside", Verdict.Holds);
        cases.Add(Written.Policy($"external_processes := [{open}]", Join), "stdout stays inside", Verdict.Broken);
        cases.Add(Written.Policy($"external_processes := [{open}]", Join), "stdout of log stays inside", Verdict.Broken);
        cases.Add(Written.Policy($"external_processes := [{open}]", Join), Inside, Verdict.Holds);
        cases.Add(Written.Policy($"external_processes := [{open}, {Closed}]", Join), "stdout stays inside", Verdict.Holds);
        cases.Add(Written.Policy($"external_processes := [{open.Replace("[]", "[{\"pattern\": \"A=1\", \"strategy\": \"string\", \"required\": false}]", StringComparison.Ordinal)}, {Closed}]", Join), "stdout stays inside", Verdict.Broken);
        cases.Add(Written.Policy($"external_processes := [{open}]\nexec_external := {{\"allowed\": true}}", Join), "stdout stays inside", Verdict.Holds);
        cases.Add(Written.Policy("create_container := {\"allowed\": true}", Join), Inside, Verdict.Holds);
        cases.Add(Written.Policy("create_container := {\"allowed\": true, \"allow_stdio_access\": true}", Join), Inside, Verdict.Broken);
        cases.Add(Written.Policy("exec_external := {\"allowed\": true, \"allow_stdio_access\": true}", Join), Inside, Verdict.Broken);
        cases.Add(Written.Policy("exec_in_container := {\"allowed\": true}", Join, new Box("/bin/log") { Stdio = true, Layers = "2" }), Inside, Verdict.Broken);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"containers\"]}]", Join), Inside, Verdict.Unknown);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"fragments\"]}]", Join), Inside, Verdict.Unknown);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"external_processes\"]}]", Join), Inside, Verdict.Unknown);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"platform_rules\"]}]", Join), Inside, Verdict.Unknown);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"namespace\"]}]", Join), Inside, Verdict.Holds);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"containers\"]}]\nload_fragment := {\"allowed\": false}", Join), Inside, Verdict.Holds);
    }

    private static void Variables(TheoryData<string, string, Verdict> cases)
    {
        const string NoPreload = "never env LD_PRELOAD";
        cases.Add(Written.Policy(Join with { Env = ["A=1|B=2"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["A=1|LD_.+=.*"] }), NoPreload, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = [".+"] }), NoPreload, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["[A-Z]+_[A-Z]+=/.*"] }), NoPreload, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["[A-KM-Z].*=.*"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["", "^$", "$^"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy(Join with { ExactEnv = [".+"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["(?i)ld_preload=.*"] }), NoPreload, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["(?m)^A=1$\\n^LD_PRELOAD=x$"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["LD_PRELOAD"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy("allow_environment_variable_dropping := true", Join with { Env = ["A=.*"] }), NoPreload, Verdict.Holds);
        cases.Add(Written.Policy("create_container := {\"allowed\": true}\nallow_environment_variable_dropping := true", Join), NoPreload, Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["MODE=(prod|debug)"] }), "never env MODE=debug", Verdict.Broken);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["MODE=prod"] }), "always env MODE=prod", Verdict.Holds);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["MODE=prod"], Env = ["MODE=.*"] }), "always env MODE=prod", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["MODE=prod"] }), "always env MODE", Verdict.Broken);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["MODE=prod|X=1"] }), "always env MODE", Verdict.Broken);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["MODE=(prod|test)"] }), "always env MODE", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["A=.*", "B=[0-9]"] }), "only env A,B", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Env = ["A.*=.*", "B=[0-9]"] }), "only env A,B in join", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Env = ["(.*a.{18}|x)=1"] }), "never env matching (?s)(.*a.{18}=1).", Verdict.Unknown);
    }

    private static void Versions(TheoryData<string, string, Verdict> cases)
    {
        cases.Add(Written.Policy("0.6.0", "0.5.0", "", Join), "never dump stacks", Verdict.Broken);
        cases.Add(Written.Policy("0.6.0", "0.5.0", "allow_dump_stacks := false\ndump_stacks := data.framework.dump_stacks", Join), "never dump stacks", Verdict.Holds);
        cases.Add(Written.Policy("0.7.0", "0.5.0", "", Join), "never dump stacks", Verdict.Holds);
        cases.Add(Written.Policy("0.9.0", "0.5.0", "allow_unencrypted_scratch := false", Join), "never unencrypted scratch", Verdict.Broken);
        cases.Add(Written.Policy(Join), "never unencrypted scratch", Verdict.Holds);
        cases.Add(Written.Policy("allow_unencrypted_scratch := true", Join), "never unencrypted scratch", Verdict.Broken);
        cases.Add(Written.Policy("rw_mount_device := {\"allowed\": true}", Join), "never unencrypted scratch", Verdict.Broken);
        cases.Add(Written.Policy("0.1.0", "0.5.0", "", Join), "never exec /bin/sh", Verdict.Broken);
        cases.Add(Written.Policy("0.2.0", "0.5.0", "", Join), "never exec /bin/sh in join", Verdict.Broken);
        cases.Add(Written.Policy("0.10.0", "0.4.0", "", Join), "never signal 9", Verdict.Broken);
        cases.Add(Written.Policy("0.10.0", "0.4.1", "", Join), "never signal 9", Verdict.Holds);
        cases.Add(Written.Policy("0.10.0", "0.2.0", "", Join), "never root", Verdict.Broken);
        cases.Add(Written.Policy("0.10.0", "0.1.0", "", Join), "always no_new_privileges", Verdict.Broken);
        cases.Add(Written.Policy("0.10.0", "0.2.2", "", Join), "always seccomp", Verdict.Broken);
        cases.Add(Written.Policy("0.10.0", "0.2.1", "", Join with { Elevated = true }), "never privileged", Verdict.Broken);
        cases.Add("package policy\ncontainers := []\ndump_stacks := {\"allowed\": true}", "never dump stacks", Verdict.Holds);
        cases.Add("package policy\napi_version := \"0.5.0\"", "never plan9_mount", Verdict.Broken);
        cases.Add("package policy\napi_version := \"0.12.0\"", "never plan9_mount", Verdict.Holds);
    }

    private static void Rest(TheoryData<string, string, Verdict> cases)
    {
        cases.Add(Written.Policy(Join with { User = ("name", "app") }), "never root", Verdict.Broken);
        cases.Add(Written.Policy(Join with { User = ("re2", "") }), "never root", Verdict.Broken);
        cases.Add(Written.Policy(Join with { User = ("id", "00") }), "never root", Verdict.Broken);
        cases.Add(Written.Policy(Join with { User = ("id", "0.*") }), "never root", Verdict.Holds);
        cases.Add(Written.Policy(Join), "never root", Verdict.Holds);
        cases.Add(Written.Policy(Beside, Join), "never root", Verdict.Unknown);
        cases.Add(Written.Policy(Beside, Join), "join never runs as root", Verdict.Holds);
        cases.Add(Written.Policy(Beside, Join), "never capability SYS_ADMIN", Verdict.Unknown);
        cases.Add(Written.Policy(Beside, Join), "always seccomp", Verdict.Unknown);
        cases.Add(Written.Policy(Beside, Join), "always no_new_privileges", Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Groups = [("any", "")] }), "never group 0", Verdict.Broken);
        cases.Add(Written.Policy(Join), "never group 0", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Capabilities = ["cap_sys_admin"] }), "never capability SYS_ADMIN", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Capabilities = ["CAP_KILL"] }), "never capability SYS_ADMIN", Verdict.Holds);
        cases.Add(Written.Policy("allow_capability_dropping := true", Join with { Capabilities = ["CAP_KILL"] }), "never capability SYS_ADMIN", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "sandbox:///tmp/.+")] }), "mounts stay inside", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "sandbox:///tmp/[a-z.]+")] }), "mounts stay inside", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "sandbox:///tmp/[a-z]+")] }), "mounts of join stay inside", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "sandbox://-of-others/[a-z]+")] }), "mounts stay inside", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "/etc")] }), "mounts stay inside", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "plan9://x")] }), "mounts stay inside", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Mounts = [("/usr/bin", "sandbox:///b")] }), "never mount /bin/sh", Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Mounts = [("/run/secrets", "sandbox:///b")] }), "never mount /var/run/secrets", Verdict.Unknown);
        cases.Add(Written.Policy(Join with { Mounts = [("/usr/share", "sandbox:///b")] }), "never mount /share", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Mounts = [("/etc/passwd", "sandbox:///p")] }), "never mount /etc", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/etc/passwd", "sandbox:///p")] }), "never mount /etc/passwd/", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("//etc", "sandbox:///p")] }), "never mount /etc/passwd", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Mounts = [("/etcetera", "sandbox:///p")] }), "never mount /etc", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Mounts = [("/data", "plan9://x")] }), "never mount /data", Verdict.Broken);
        cases.Add(Written.Policy(Join), "never plan9_mount", Verdict.Broken);
        cases.Add(Written.Policy("plan9_mount := {\"allowed\": false}", Join), "never host share", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Exec = ["/bin/kill"], ExecSignals = [9] }), "never signal KILL", Verdict.Broken);
        cases.Add(Written.Policy(Join with { Signals = [15] }), "never signal SIGKILL to join", Verdict.Holds);
        cases.Add(Written.Policy("signal_container_process := {\"allowed\": true}", Join), "never signal 9", Verdict.Broken);
        cases.Add(Written.Policy(Join), $"only layers {new string('1', 64)}", Verdict.Holds);
        cases.Add(Written.Policy(Join with { Layers = "12" }), $"only layers {new string('1', 64)}", Verdict.Broken);
        cases.Add(Written.Policy("mount_device := {\"allowed\": true}", Join), $"only layers {new string('1', 64)}", Verdict.Broken);
        cases.Add(Written.Policy("mount_overlay := {\"allowed\": true}", Join), $"only layers {new string('1', 64)}", Verdict.Broken);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"containers\"]}]", Join), "fragments may add nothing", Verdict.Broken);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"containers\"]}]", Join), "fragments may add only containers", Verdict.Holds);
        cases.Add(Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"fragments\"]}]", Join), "fragments only from did:x", Verdict.Broken);
        cases.Add(Written.Policy(Join), "fragments may add nothing", Verdict.Holds);
        cases.Add(Written.Policy("load_fragment := {\"allowed\": true}", Join), "fragments may add nothing", Verdict.Holds);
        cases.Add(Written.Policy("load_fragment := {\"allowed\": true}", Join), "fragments only from did:x", Verdict.Broken);
        cases.Add(Written.Policy(Join), "never create join", Verdict.Broken);
        cases.Add(Written.Policy(Join with { RequiredEnv = ["a^b"] }), "never create join", Verdict.Holds);
        cases.Add(Written.Policy("exec_external := {\"allowed\": true}", Join), "never external process", Verdict.Broken);
        cases.Add(Written.Policy(Join), "never external process", Verdict.Holds);
    }

    // Each request is admitted by the engine, and nothing shorter than the requests without one of them ends the same way.
    private static void Replays(ExecutionPolicy policy, Answer answer)
    {
        var engine = new PolicyEngine(policy, new GroupEnvironment());
        GroupState state = GroupState.Initial;
        foreach (Step step in answer.Counterexample)
        {
            Decision decision = engine.Decide(state, step.Request);
            Assert.True(decision.Allowed, string.Join("; ", decision.Errors));
            state = decision.Next;
        }
    }
}
