using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Tests.Enforcement;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Fragments;

public sealed class LoadFragmentTests
{
    private static readonly Publisher s_publisher = new();
    private static readonly Publisher s_other = new();
    private static readonly string s_id = Group.Id('a');

    // What the fragment's one container is, next to the policy's: another layer, another command.
    private static readonly string s_container = Between(Policy.WithOneContainer("0.5.0"), "containers := [", "]\nmount_device")
        .Replace(Group.Hash('1'), Group.Hash('2'), StringComparison.Ordinal)
        .Replace("/bin/prepare", "/bin/infra", StringComparison.Ordinal);

    private static readonly string s_text = Fragment($"containers := [{s_container}]");

    [Fact]
    public void A_fragments_containers_run_once_it_is_loaded()
    {
        var group = new Group(PolicyWith(Reference(s_publisher)));
        group.Refuse(new MountDevice("/run/mounts/scsi/m2", Group.Hash('2'), Group.DevicePattern), "deviceHash not found");

        group.Admit(new OfferFragment(s_publisher.Issuer, "feed"));
        group.Admit(new LoadFragment(s_publisher.Publish(s_text)));
        group.Prepare(s_id, '2', 2);
        group.Refuse(Group.Create(s_id), "invalid command");
        CreateContainer create = Group.Create(s_id);
        group.Admit(create with { Process = create.Process with { Command = ["/bin/infra"] } });
        group.Prepare(Group.Id('b'), '1', 1);
        group.Admit(Group.Create(Group.Id('b')));
    }

    [Fact]
    public void Loading_again_changes_nothing()
    {
        var group = new Group(PolicyWith(Reference(s_publisher)));
        group.Admit(new LoadFragment(s_publisher.Publish(s_text)));
        int loaded = group.State.Fragments.Length;

        group.Admit(new LoadFragment(s_publisher.Publish(s_text)));

        Assert.Equal(loaded, group.State.Fragments.Length);
    }

    [Fact]
    public void What_a_running_container_can_be_does_not_grow()
    {
        var group = new Group(PolicyWith(Reference(s_publisher)));
        group.Prepare(s_id, '1', 1);
        string twin = s_container.Replace(Group.Hash('2'), Group.Hash('1'), StringComparison.Ordinal);

        group.Admit(new LoadFragment(s_publisher.Publish(Fragment($"containers := [{twin}]"))));

        CreateContainer create = Group.Create(s_id);
        group.Refuse(create with { Process = create.Process with { Command = ["/bin/infra"] } }, "invalid command");
    }

    [Fact]
    public void Another_publishers_fragment_and_another_feed_are_refused()
    {
        var group = new Group(PolicyWith(Reference(s_publisher)));

        group.Refuse(new LoadFragment(s_other.Publish(s_text)), "invalid fragment issuer");
        group.Refuse(new LoadFragment(s_publisher.Publish(s_text, "other")), "invalid fragment feed");
        group.Refuse(new OfferFragment(s_other.Issuer, "feed"), "invalid fragment issuer");
        group.Refuse(new OfferFragment(s_publisher.Issuer, "other"), "invalid fragment feed");
        new Group(Policy.WithOneContainer("0.5.0")).Refuse(new LoadFragment(s_publisher.Publish(s_text)), "rule for load_fragment is missing from policy");
    }

    [Fact]
    public void A_publisher_cannot_use_anothers_feed()
    {
        var group = new Group(PolicyWith($"{Reference(s_publisher, feed: "mine")}, {Reference(s_other, feed: "other")}"));

        group.Refuse(new LoadFragment(s_other.Publish(s_text, "mine")), "invalid fragment feed");
        group.Admit(new LoadFragment(s_publisher.Publish(s_text, "mine")));
    }

    [Theory]
    [InlineData("1", "2", "fragment svn is below the specified minimum")]
    [InlineData("2", "2", null)]
    [InlineData("10", "9", null)]
    [InlineData("1.0.0", "1.0.1", "fragment svn is below the specified minimum")]
    [InlineData("1.10.0", "1.9.0", null)]
    [InlineData("1.0.0", "1", "fragment svn and the specified minimum are different types")]
    public void A_fragment_below_the_minimum_is_refused(string svn, string minimum, string? error)
    {
        var group = new Group(PolicyWith(Reference(s_publisher, minimum)));
        var load = new LoadFragment(s_publisher.Publish(s_text.Replace("svn := \"2\"", $"svn := \"{svn}\"", StringComparison.Ordinal)));

        if (error is null)
        {
            group.Admit(load);
        }
        else
        {
            group.Refuse(load, error);
        }
    }

    [Fact]
    public void Only_what_the_policy_includes_counts()
    {
        var group = new Group(PolicyWith(Reference(s_publisher, includes: "\"fragments\", \"namespace\"")));
        group.Admit(new LoadFragment(s_publisher.Publish(s_text)));

        group.Refuse(new MountDevice("/run/mounts/scsi/m2", Group.Hash('2'), Group.DevicePattern), "deviceHash not found");
    }

    [Fact]
    public void A_nested_fragment_needs_its_parent_and_its_parents_permission()
    {
        LoadFragment child = new(s_other.Publish(s_text, "child"));
        LoadFragment parent = new(s_publisher.Publish(Fragment($"fragments := [{Reference(s_other, feed: "child")}]")));

        var nested = new Group(PolicyWith(Reference(s_publisher, includes: "\"fragments\"")));
        nested.Refuse(child, "invalid fragment issuer");
        nested.Admit(parent);
        nested.Refuse(new LoadFragment(s_other.Publish(s_text, "sister")), "invalid fragment feed");
        nested.Admit(child);
        nested.Prepare(s_id, '2', 2);

        var flat = new Group(PolicyWith(Reference(s_publisher, includes: "\"containers\"")));
        flat.Admit(parent);
        flat.Refuse(child, "invalid fragment issuer");
    }

    [Fact]
    public void Fragments_that_refer_to_themselves_come_to_an_end()
    {
        var group = new Group(PolicyWith(Reference(s_publisher, includes: "\"fragments\"")));
        string self = Reference(s_publisher, includes: "\"fragments\"");
        LoadFragment load = new(s_publisher.Publish(Fragment($"fragments := [{self}, {self}]")));

        int admitted = 0;
        while (group.Ask(load).Allowed)
        {
            Assert.True(++admitted < 2000);
        }

        Assert.InRange(group.State.Fragments.Length, 1, 1024);
    }

    [Fact]
    public void External_processes_come_from_fragments_too()
    {
        var group = new Group(PolicyWith(Reference(s_publisher, includes: "\"external_processes\"")));
        var request = new ExecExternal(new ProcessRequest(["ls"], [], "/"));
        group.Refuse(request, "invalid command", "invalid working directory");

        group.Admit(new LoadFragment(s_publisher.Publish(Fragment("external_processes := [{\"command\": [\"ls\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": true}]"))));

        group.Admit(request);
    }

    [Fact]
    public void A_fragment_that_needs_a_receipt_is_refused_without()
    {
        var group = new Group(PolicyWith(Reference(s_publisher, more: ", \"required_receipts\": [\"*\", \"ledger.example\"]")));

        group.Refuse(new LoadFragment(s_publisher.Publish(s_text)), "missing receipt from *", "missing receipt from ledger.example");
    }

    [Fact]
    public void Platform_rules_make_a_variant_of_every_container()
    {
        const string Rules = """platform_rules := [{"env_rules": [{"name": "(?i)(FABRIC)_.+", "name_strategy": "re2", "value": ".+", "value_strategy": "re2"}], "mounts": []}, {"env_rules": [{"pattern": "B=2", "strategy": "string"}], "mounts": []}]""";
        var group = new Group(PolicyWith(Reference(s_publisher, includes: "\"platform_rules\"")));
        CreateContainer create = Group.Create(s_id);
        CreateContainer With(params string[] variables) => create with { Process = create.Process with { Environment = [.. variables] } };

        group.Admit(new LoadFragment(s_publisher.Publish(Fragment(Rules))));
        group.Prepare(s_id, '1', 1);
        group.Refuse(With("FABRIC_A=1", "B=2"), "no candidate takes these environment variables together");
        group.Admit(With("Fabric_A=1", "A=x"));

        var excluded = new Group(PolicyWith(Reference(s_publisher)));
        excluded.Admit(new LoadFragment(s_publisher.Publish(Fragment(Rules))));
        excluded.Prepare(s_id, '1', 1);
        excluded.Refuse(With("FABRIC_A=1"), "invalid env list: FABRIC_A");
    }

    [Theory]
    [InlineData("", "8000")]
    [InlineData(", \"parameters\": {\"port\": \"9000\"}", "9000")]
    public void Parameters_are_what_the_reference_says_or_the_default(string given, string port)
    {
        var group = new Group(PolicyWith(Reference(s_publisher, more: given)));
        group.Admit(new LoadFragment(s_publisher.Publish(WithPort("parameter(\"port\")", "{\"port\": {\"default\": \"8000\"}}"))));
        group.Prepare(s_id, '2', 2);

        CreateContainer create = Group.Create(s_id);
        group.Refuse(create with { Process = create.Process with { Command = ["/bin/infra", "1"] } }, "invalid command");
        group.Admit(create with { Process = create.Process with { Command = ["/bin/infra", port] } });
    }

    [Theory]
    [InlineData("parameter(\"port\")", "{\"port\": {}}", "")]
    [InlineData("parameter(\"other\")", "{\"port\": {}}", ", \"parameters\": {\"port\": \"1\"}")]
    [InlineData("parameter(\"port\")", "{\"port\": {}}", ", \"parameters\": {\"port\": \"1\", \"prot\": \"2\"}")]
    [InlineData("parameter(\"port\")", "{\"port\": {}}", ", \"parameters\": {\"port\": 1}")]
    [InlineData("parameter(\"port\").value", "{\"port\": {}}", ", \"parameters\": {\"port\": \"1\"}")]
    [InlineData("parameter(\"port\").other", "{\"port\": {}}", ", \"parameters\": {\"port\": {\"value\": \"1\"}}")]
    [InlineData("parameter(\"port\")", "{\"port\": {}}", ", \"parameters\": {\"port\": parameter(\"port\")}")]
    [InlineData("parameter(\"port\")", "{\"port\": {\"default\": parameter(\"port\")}}", "")]
    public void A_parameter_that_does_not_fit_is_refused(string use, string declared, string given)
    {
        var group = new Group(PolicyWith(Reference(s_publisher, more: given)));

        Decision decision = group.Ask(new LoadFragment(s_publisher.Publish(WithPort(use, declared))));

        Assert.StartsWith("invalid fragment: ", Assert.Single(decision.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_references_make_two_uses_and_a_nested_one_passes_parameters_on()
    {
        string Child(string port) => Reference(s_other, includes: "\"containers\"", more: $", \"parameters\": {{\"port\": {port}}}");
        var group = new Group(PolicyWith(Reference(s_publisher, includes: "\"fragments\"", more: ", \"parameters\": {\"port\": \"1\"}")));
        group.Admit(new LoadFragment(s_publisher.Publish(Fragment($"parameters_api := {{\"port\": {{}}}}\nfragments := [{Child("parameter(\"port\")")}, {Child("\"2\"")}]"))));
        group.Admit(new LoadFragment(s_other.Publish(WithPort("parameter(\"port\")", "{\"port\": {}}"))));
        foreach (string port in new[] { "1", "2" })
        {
            string id = Group.Id(port[0]);
            group.Prepare(id, '2', port[0] - '0');
            CreateContainer create = Group.Create(id);
            group.Admit(create with { Process = create.Process with { Command = ["/bin/infra", port] } });
        }
    }

    [Fact]
    public void Parameters_cannot_blow_a_fragment_up()
    {
        string large = $"[{string.Join(',', Enumerable.Repeat("1", 20_000))}]";
        string uses = $"fragments := [{string.Join(',', Enumerable.Repeat("{\"issuer\": \"i\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [], \"parameters\": {\"a\": parameter(\"large\")}}", 100))}]";
        var group = new Group(PolicyWith(Reference(s_publisher, more: $", \"parameters\": {{\"large\": {large}}}")));

        Decision decision = group.Ask(new LoadFragment(s_publisher.Publish(Fragment("parameters_api := {\"large\": {}}\n" + uses))));

        Assert.Contains("more than 1048576 values", Assert.Single(decision.Errors), StringComparison.Ordinal);
    }

    private static string WithPort(string use, string declared) =>
        Fragment($"parameters_api := {declared}\ncontainers := [{s_container}]".Replace("[\"/bin/infra\"]", $"[\"/bin/infra\", {use}]", StringComparison.Ordinal));

    private static string Fragment(string objects) => $"package mine\nsvn := \"2\"\nframework_version := \"0.5.0\"\n{objects}\n";

    private static string Reference(Publisher publisher, string minimum = "1", string includes = "\"containers\", \"fragments\"", string feed = "feed", string more = "") =>
        $$"""{"issuer": "{{publisher.Issuer}}", "feed": "{{feed}}", "minimum_svn": "{{minimum}}", "includes": [{{includes}}]{{more}}}""";

    private static string PolicyWith(string reference) =>
        Policy.WithOneContainer("0.5.0") + $"\nload_fragment := data.framework.load_fragment\nfragments := [{reference}]\n";

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
