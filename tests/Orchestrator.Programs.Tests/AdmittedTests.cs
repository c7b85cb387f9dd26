using System.Text;

namespace Orchestrator.Programs.Tests;

/// <summary>Unmodified models pass, and libtorch gets what they were.</summary>
public sealed class AdmittedTests(Models models)
{
    /// <summary>What PyTorch cannot save itself, and what is refused for a reason that docs/spec/program.md gives.</summary>
    private static readonly string[] NotSaved = ["CrossAttention.script", "Unpooling.script"];
    private static readonly Dictionary<string, string> Refused = new() { ["Packed.script"] = "torch.empty_like" };

    [Fact]
    public void Verify_EveryModel_IsAdmitted()
    {
        var refused = new StringBuilder();
        foreach (var name in models.Names)
        {
            try
            {
                VerifiedProgram.Verify(models.Bytes(name));
                Assert.False(Refused.ContainsKey(name), name);
            }
            catch (Errors.OrchestratorException e) when (!Refused.TryGetValue(name, out var reason) || !e.Message.Contains(reason, StringComparison.Ordinal))
            {
                refused.AppendLine($"{name}: {e.Message}");
            }
            catch (Errors.OrchestratorException)
            {
                // As expected.
            }
        }

        Assert.Equal(string.Empty, refused.ToString());
        Assert.InRange(models.Names.Count(), 250, 400);
        Assert.Equal(NotSaved, models.Complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[0]));
    }

    [Fact]
    public void WriteTo_EveryModel_LoadsWithTheSameTensors()
    {
        var names = models.Names.Where(name => !Refused.ContainsKey(name)).ToArray();
        foreach (var name in names)
        {
            using var file = File.Create(Path.Combine(models.Folder, name + ".verified.pt_"));
            VerifiedProgram.Verify(models.Bytes(name)).WriteTo(file);
        }

        var folder = Directory.CreateTempSubdirectory("programs-tests-");
        try
        {
            foreach (var name in names)
            {
                File.Move(Path.Combine(models.Folder, name + ".verified.pt_"), Path.Combine(folder.FullName, name + ".verified.pt"));
                File.Copy(Path.Combine(models.Folder, name + ".pt"), Path.Combine(folder.FullName, name + ".pt"));
            }

            var report = Models.Python("load.py", [folder.FullName, .. names]);
            Assert.Equal(names.Select(name => $"{name} loaded"), report.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("wdbc_mlp", 4, 0)]
    [InlineData("digits_cnn", 10, 3)]
    [InlineData("char_gpt", 30, 3)]
    public void Verify_AnExample_ListsItsTensors(string name, int parameters, int buffers)
    {
        var program = VerifiedProgram.Verify(Models.Example(name));
        Assert.Equal((parameters, buffers), (program.Parameters.Count, program.Buffers.Count));
        Assert.All(program.Parameters, parameter => Assert.Equal(("F32", true), (parameter.Type, parameter.Trained)));
        Assert.Contains(program.Parameters, parameter => parameter.Name.EndsWith(".weight", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_AnExample_ListsItsOperators()
    {
        var program = VerifiedProgram.Verify(Models.Example("digits_cnn"));
        Assert.Superset(new HashSet<string> { "torch.conv2d", "torch.batch_norm", "torch.dropout", "torch.relu", "torch.linear" }, program.Operators.ToHashSet());
        Assert.Equal(program.Operators.Distinct().Order(StringComparer.Ordinal), program.Operators);
        Assert.Contains("class DigitsCnn(Module):", program.Code["__torch__/digits_cnn.py"], StringComparison.Ordinal);
    }

    [Fact]
    public void WriteTo_OfWhatWasWritten_IsTheSame()
    {
        var once = TestArchive.Written(VerifiedProgram.Verify(Models.Example("digits_cnn")));
        Assert.Equal(once, TestArchive.Written(VerifiedProgram.Verify(once)));
    }

    [Fact]
    public void WriteTo_AProgramThatWarns_HoldsNoWarning()
    {
        var program = VerifiedProgram.Verify(models.Bytes("Softmax.script"));
        Assert.Contains(program.Code.Values, source => source.Contains("torch.warn(", StringComparison.Ordinal));
        Assert.DoesNotContain("torch.warn("u8.ToArray(), TestArchive.Written(program));
        Assert.DoesNotContain("torch.warn", program.Operators);
    }
}
