using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>Programs that cannot be trained with end the job on the device with a code of their own, and deliver nothing.</summary>
public sealed class ProgramTests(ProgramTests.BadPrograms deployment) : IClassFixture<ProgramTests.BadPrograms>
{
    [Theory]
    [InlineData("wrong_shape", "program-output")]
    [InlineData("nan", "program-not-finite")]
    [InlineData("nan_on_data", "training-not-finite")]
    public async Task Program_ThatCannotBeTrained_FailsTheJobWithItsCode(string program, string code)
    {
        Participant lab = deployment.Parties.Lab;
        string sealedProgram = deployment.Folder[$"{program}.itx"];
        await lab.Party.SealProgramAsync(deployment.ProgramPath(program), sealedProgram);
        await lab.Host.PushAsync(sealedProgram);
        JobFile job = deployment.NewJob();

        Digest name = await deployment.Parties.AgreeOnAsync(job with { Program = job.Program with { Path = sealedProgram } });
        Ending watch = await lab.RunAsync("job", "watch", name.ToString());
        Job outcome = await lab.Host.JobAsync(name);

        Assert.Equal(code, outcome.Failure.Code);
        watch.AssertFailed(ErrorClass.JobFailed, "job-ended-without-result");
        Assert.Contains($": {code}: ", watch.Error, StringComparison.Ordinal);
        Assert.NotEmpty(outcome.Failure.Remedy);
        Assert.Empty(outcome.Outputs);
        Assert.True(outcome.Receipt.IsEmpty);
        await AssertNoResultAsync(lab, name);
    }

    [Theory]
    [InlineData("no_forward", "program-no-forward")]
    [InlineData("truncated", "program-not-torchscript")]
    [InlineData("talkative", "program-operator-refused")]
    public async Task Program_ThatTheVerifierRefuses_IsNotSealed(string program, string code)
    {
        Participant lab = deployment.Parties.Lab;
        string target = deployment.Folder[$"{program}.itx"];

        Ending seal = await lab.RunAsync("program", "seal", deployment.ProgramPath(program), "-o", target);

        ErrorClass failure = code == "program-operator-refused" ? ErrorClass.Refused : ErrorClass.Input;
        seal.AssertFailed(failure, code);
        Assert.False(File.Exists(target));
    }

    private async Task AssertNoResultAsync(Participant party, Digest job)
    {
        string folder = deployment.Folder[$"result-{job}"];
        (await party.RunAsync("job", "result", job.ToString(), "-o", folder)).AssertFailed(ErrorClass.JobFailed, "job-ended-without-result");
        Assert.False(Directory.Exists(folder));
    }

    /// <summary>A deployment, and programs that PyTorch saved without complaint.</summary>
    public sealed class BadPrograms : Deployment
    {
        public string ProgramPath(string name) => Folder[$"{name}.pt"];

        public override async ValueTask InitializeAsync()
        {
            Ending python = await Executable.RunAsync(Executable.Python, Repository.PathOf("tests", "Orchestrator.EndToEnd.Tests", "Python", "programs.py"), Folder.Path);
            Assert.True(python.ExitCode == 0, python.Error);
            await base.InitializeAsync();
        }
    }
}
