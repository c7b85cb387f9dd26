using System.Text.RegularExpressions;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Yaml;

namespace Orchestrator.Sdk.Tests.Jobs;

public sealed partial class JobFileTests
{
    private static readonly string Example = Documents.YamlOf("job-file.md")[0];

    private static string Vectors => Path.GetDirectoryName(Documents.Vector("job-file/program.card"))!;

    [Fact]
    public void JobFile_TheSpecificationsExample_CompilesToTheManifestItNames()
    {
        Manifest manifest = JobCompiler.Compile(JobFile.Parse(Example, Vectors));

        Assert.Contains(manifest.Digest.ToString(), File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Documents", "job-file.md")), StringComparison.Ordinal);
        Assert.Equal(["clinic", "lab"], manifest.Content.Parties.Select(party => party.Name));
        Assert.Equal(PartyRoles.Data | PartyRoles.Receiver, manifest.FindParty("clinic")!.Roles);
        Assert.Equal(PartyRoles.Launcher | PartyRoles.Program | PartyRoles.Receiver, manifest.FindParty("lab")!.Roles);
        var warmUp = Assert.IsType<Schedule.WarmUp>(manifest.Content.Plan.Schedule);
        Assert.IsType<Schedule.Cosine>(warmUp.Then);
    }

    [Fact]
    public void SchemaFile_TheSpecificationsExample_IsRead()
    {
        DataSchema schema = SchemaFile.Parse(Documents.YamlOf("job-file.md")[1]);
        Assert.Equal(["benign", "malignant"], schema.ClassNames!);
        Assert.Equal(["diagnosis"], schema.LabelColumns!);
    }

    [Fact]
    public void JobFile_OtherOrderOfKeysAndComments_CompilesToTheSameManifest()
    {
        string[] sections = [.. SectionStart().Split(Example).Where(section => section.Length > 0)];
        Assert.True(sections.Length > 8);
        string reordered = "# a remark\n" + string.Concat(sections.Reverse());

        Assert.Equal(JobCompiler.Compile(JobFile.Parse(Example, Vectors)).Digest, JobCompiler.Compile(JobFile.Parse(reordered, Vectors)).Digest);
    }

    [Theory]
    [InlineData("  batch_size: 32", "  batch_size: 0", "yaml-value")]
    [InlineData("  batch_size: 32", "  batch_size: \"32\"", "yaml-value")]
    [InlineData("  batch_size: 32", "  batch_size: 3.2", "yaml-value")]
    [InlineData("  batch_size: 32", "  batch_sise: 32", "yaml-missing-key")]
    [InlineData("  epochs: 20", "  epochs: 20\n  epochs: 21", "yaml-syntax")]
    [InlineData("  epochs: 20", "  epochs: 20\n  speed: fast", "yaml-unknown-key")]
    [InlineData("  epochs: 20", "  epochs: &a 20", "yaml-syntax")]
    [InlineData("  epochs: 20", "  epochs: !!int 20", "yaml-syntax")]
    [InlineData("  standardize: true", "  standardize: yes", "yaml-value")]
    [InlineData("cross_entropy", "crossentropy", "yaml-value")]
    [InlineData("    adam:", "    adams:", "yaml-value")]
    [InlineData("learning_rate: 0.01", "learning_rate: .nan", "yaml-value")]
    [InlineData("learning_rate: 0.01", "learning_rate: NaN", "yaml-value")]
    [InlineData("learning_rate: 0.01", "learning_rate: 1e999", "yaml-value")]
    [InlineData("learning_rate: 0.01", "name: sgd, learning_rate: 0.01", "yaml-value")]
    [InlineData("learning_rate: 0.01", "learning_rate: -1", "yaml-value")]
    [InlineData("learning_rate: 0.01, ", "", "yaml-missing-key")]
    [InlineData("orchestrator/job/v1", "orchestrator/job/v2", "yaml-value")]
    [InlineData("role: train", "role: test", "yaml-value")]
    [InlineData("launcher: lab", "launcher: The Lab", "yaml-value")]
    [InlineData("launcher: lab", "launcher: nobody", "job-inconsistent")]
    [InlineData("owner: clinic", "owner: lab", "job-inconsistent")]
    [InlineData("sealed: train.card", "sealed: program.card", "job-inconsistent")]
    [InlineData("sealed: train.card", "sealed: nowhere.card", "storage-missing")]
    [InlineData("receivers: [lab, clinic]", "receivers: [stranger]", "manifest-invalid")]
    [InlineData("orchestrator-party:lab:", "orchestrator-party:lab:A", "yaml-value")]
    [InlineData("    - ccu: 1", "    - ccu: x1", "yaml-value")]
    public void JobFile_Wrong_IsRefused(string right, string wrong, string code)
    {
        int at = Example.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0);
        string text = Example[..at] + wrong + Example[(at + right.Length)..];
        OrchestratorException failure = Assert.Throws<OrchestratorException>(() => JobCompiler.Compile(JobFile.Parse(text, Vectors)));

        Assert.Equal(code, failure.Code.Id);
        if (code.StartsWith("yaml-", StringComparison.Ordinal))
        {
            Assert.Matches(@"^job\.yaml:\d+:\d+: ", failure.Message);
        }
    }

    [Theory]
    [InlineData("a: [", "yaml-syntax")]
    [InlineData("- just\n- a\n- list\n", "yaml-value")]
    [InlineData("format: orchestrator/job/v1\n---\nb: 2\n", "yaml-syntax")]
    [InlineData("a: *b\n", "yaml-syntax")]
    [InlineData("? [a, b]\n: c\n", "yaml-syntax")]
    [InlineData("text", "yaml-value")]
    public void Yaml_ThatIsNoPlainMapping_IsRefused(string yaml, string code) =>
        Assert.Equal(code, Failures.CodeOf(() => JobFile.Parse(yaml)).Id);

    [Fact]
    public void Yaml_NestedDeeply_IsRefusedBeforeTheStackEnds() =>
        Assert.Same(YamlErrors.TooLarge, Failures.CodeOf(() => JobFile.Parse(new string('[', 100_000))));

    [Fact]
    public void Yaml_Large_IsRefused() =>
        Assert.Same(YamlErrors.TooLarge, Failures.CodeOf(() => JobFile.Parse("a: " + new string('x', 1 << 20))));

    [Fact]
    public void Yaml_AnyPrefixOfTheExample_IsReadOrRefusedWithACode()
    {
        int refused = 0;
        for (int length = 0; length < Example.Length; length += 3)
        {
            try
            {
                JobFile.Parse(Example[..length], Vectors);
            }
            catch (OrchestratorException)
            {
                refused++;
            }
        }

        Assert.True(refused > 100);
    }

    [Fact]
    public void Card_AnyCharacterChanged_HasNoOtherSpelling()
    {
        string line = File.ReadAllText(Path.Combine(Vectors, "train.card")).Trim();
        Assert.True(StreamCard.TryParse(line, out StreamCard? card));
        Assert.Equal(line, card.ToString());
        for (int i = 0; i < line.Length; i++)
        {
            // Digest, length and salt may be other ones: a card is a claim.
            string altered = line[..i] + (line[i] == '0' ? '1' : '0') + line[(i + 1)..];
            Assert.True(!StreamCard.TryParse(altered, out StreamCard? other) || other.ToString() == altered);
        }
    }

    [Theory]
    [InlineData(1, "x")]
    [InlineData(1, "")]
    [InlineData(2, "many")]
    [InlineData(2, "-1")]
    [InlineData(2, "0LENGTH")]
    [InlineData(2, "+LENGTH")]
    [InlineData(3, "no base64!")]
    [InlineData(3, "")]
    public void Card_WithAPartThatIsNone_IsRefused(int part, string instead)
    {
        string[] parts = File.ReadAllText(Path.Combine(Vectors, "train.card")).Trim().Split(':');
        parts[part] = instead.Replace("LENGTH", parts[2], StringComparison.Ordinal);
        string file = Path.GetTempFileName();
        File.WriteAllText(file, string.Join(':', parts));

        Assert.Same(PartyErrors.CardInvalid, Failures.CodeOf(() => StreamCard.Read(file)));
        File.Delete(file);
    }

    [GeneratedRegex(@"(?m)^(?=\w)")]
    private static partial Regex SectionStart();
}
