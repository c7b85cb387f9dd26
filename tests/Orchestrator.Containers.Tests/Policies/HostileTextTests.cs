using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Policies;

public sealed class HostileTextTests
{
    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", "(", ")", ",", ":", ":=", ".", "\"", "`", "#", "\\", "\0", "\uFEFF", "null", "true", "-", "1", "9999999999999999999", "1e9", "data", "parameter(\"a\")",
        "package policy", "import rego.v1", "\"\\ud800\"", "allowed", "framework_version := \"0.5.0\"", "containers := []", "(?P<", "{1000}", "\n",
    ];

    [Fact]
    public void A_mangled_policy_is_read_or_refused_and_what_is_read_is_written_again()
    {
        byte[] text = Encoding.UTF8.GetBytes(Policy.WithOneContainer("0.5.0"));
        Prop.ForAll(Mangled(text).ToArbitrary(), mangled =>
        {
            try
            {
                string written = PolicyWriter.Write(PolicyReader.Read(mangled), PolicyShape.RuntimeTool);
                return PolicyWriter.Write(PolicyReader.Read(written), PolicyShape.RuntimeTool) == written;
            }
            catch (OrchestratorException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void A_mangled_fragment_is_read_or_refused()
    {
        byte[] text = Encoding.UTF8.GetBytes("package mine\nsvn := \"2\"\nframework_version := \"0.5.0\"\nparameters_api := {\"a\": {\"default\": [\"b\"]}}\nexternal_processes := [{\"command\": parameter(\"a\"), \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": true}]\n");
        var reference = new FragmentReference("i", "f", new SecurityVersion.Whole(1), [FragmentInclude.ExternalProcesses]);
        Prop.ForAll(Mangled(text).ToArbitrary(), mangled =>
        {
            try
            {
                return FragmentModule.Parse(mangled).Permit(reference).Containers.IsEmpty;
            }
            catch (OrchestratorException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    // A few places of the text are cut, doubled, overwritten or filled with pieces of the language.
    private static Gen<byte[]> Mangled(byte[] text) =>
        from edits in (from place in Gen.Choose(0, text.Length - 1)
                       from length in Gen.Choose(0, 40)
                       from piece in Gen.OneOf(Gen.Elements(s_pieces).Select(Encoding.UTF8.GetBytes), Gen.Choose(0, 255).Select(value => new[] { (byte)value }))
                       from keep in Gen.Elements(true, false)
                       select (place, length, piece, keep)).ArrayOf()
        select edits.Take(4).Aggregate(text, (mangled, edit) =>
        {
            int start = Math.Min(edit.place, mangled.Length);
            int end = edit.keep ? start : Math.Min(start + edit.length, mangled.Length);
            return [.. mangled[..start], .. edit.piece, .. mangled[end..]];
        });
}
