using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Differences;
using Orchestrator.Containers.Proofs.Explanations;
using Orchestrator.Containers.Proofs.Scripts;
using Orchestrator.Containers.Replays;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator policy prove</c>, <c>explain</c> and <c>diff</c>: what groups under a policy can ever do.</summary>
internal static class PolicyProofCommands
{
    public static CliCommand Prove(Terminal terminal)
    {
        Argument<string> file = PolicyArgument("POLICY");
        Option<string?> guest = GuestOption();
        var claims = new Option<string[]>("--assert") { Description = "A claim about all that can ever happen; may be repeated. never exec PROGRAM | a shell | [COMMAND]; stdout stays inside; never env NAME[=VALUE] | matching PATTERN; always env NAME[=VALUE]; only env NAMES; never mount PATH; mounts stay inside; never privileged | root | user WHO | group WHO | capability CAP; always no_new_privileges | seccomp; never signal [N]; only layers HASHES; never layer HASH; never create | unencrypted scratch | external process | host share | POINT; fragments may add nothing | only KINDS; fragments only from ISSUERS. Those about containers take \"in NAME\", stdout takes \"of NAME\".", HelpName = "CLAIM" };
        var counterexample = new Option<string?>("--counterexample") { Description = "Write the requests that break claims to this file; `policy replay` replays it.", HelpName = "FILE" };
        var command = new CliCommand(
            "prove",
            "Prove what groups under a policy can ever do, from one report on: base and step of the induction, the invariant in words with risky permissions first, and for each claim holds, a shortest sequence of requests that breaks it, or unknown.",
            "orchestrator policy prove policy.rego",
            "orchestrator policy prove policy.rego --assert \"never exec /bin/sh\" --assert \"stdout of join stays inside\"",
            "orchestrator policy prove policy.rego --assert \"never env LD_PRELOAD in join\" --counterexample broken.json --json")
        {
            file, claims, counterexample, guest,
        };
        command.SetAction(parsed =>
        {
            PolicyFile policy = PolicyFile.Read(parsed.GetRequiredValue(file));
            GroupEnvironment environment = EnvironmentOf(parsed.GetValue(guest));
            var prover = new Prover(policy.Policy, environment);
            Induction induction = prover.Check();
            Answer[] answers = [.. (parsed.GetValue(claims) ?? []).Select(prover.Ask)];
            if (parsed.GetValue(counterexample) is { } path)
            {
                AtomicFile.WriteAllBytes(path, RecordedSessionWriter.Write(Encoding.UTF8.GetString(policy.Text.Span), environment, answers));
            }

            terminal.Result(
                new { policy = Digest.Of(policy.Text.Span).ToString(), steps = induction.Steps, risks = PolicyWords.RisksOf(prover), assertions = answers.Select(ToJson) },
                $"policy {Digest.Of(policy.Text.Span)}\n\n{Describe(induction)}\n\n{PolicyWords.Explain(prover)}\n{string.Concat(answers.Select(answer => "\n" + Describe(answer)))}");
            Conclude(answers);
        });
        return command;
    }

    public static CliCommand Explain(Terminal terminal)
    {
        Argument<string> file = PolicyArgument("POLICY");
        Option<string?> guest = GuestOption();
        var command = new CliCommand(
            "explain",
            "Say in words what a policy lets its groups ever do: risky permissions first, then image by image.",
            "orchestrator policy explain policy.rego",
            "orchestrator policy explain policy.rego --json")
        {
            file, guest,
        };
        command.SetAction(parsed =>
        {
            PolicyFile policy = PolicyFile.Read(parsed.GetRequiredValue(file));
            var prover = new Prover(policy.Policy, EnvironmentOf(parsed.GetValue(guest)));
            string words = PolicyWords.Explain(prover);
            terminal.Result(new { policy = Digest.Of(policy.Text.Span).ToString(), risks = PolicyWords.RisksOf(prover), words }, $"policy {Digest.Of(policy.Text.Span)}\n\n{words}");
        });
        return command;
    }

    public static CliCommand Diff(Terminal terminal)
    {
        Argument<string> before = PolicyArgument("BEFORE");
        Argument<string> after = PolicyArgument("AFTER");
        Option<string?> guest = GuestOption();
        var command = new CliCommand(
            "diff",
            "Say what a policy allows that another does not, each with requests that show it where there are any. What it no longer allows is the difference the other way round.",
            "orchestrator policy diff before.rego after.rego",
            "orchestrator policy diff before.rego after.rego --json")
        {
            before, after, guest,
        };
        command.SetAction(parsed =>
        {
            GroupEnvironment environment = EnvironmentOf(parsed.GetValue(guest));
            var differences = PolicyDiff.Of(
                new Prover(PolicyFile.Read(parsed.GetRequiredValue(before)).Policy, environment),
                new Prover(PolicyFile.Read(parsed.GetRequiredValue(after)).Policy, environment));
            terminal.Result(
                new { differences = differences.Select(difference => new { difference.Words, certain = difference.IsCertain, example = difference.Example.Select(RecordedSessionWriter.Write) }) },
                differences.IsEmpty ? "nothing is newly allowed" : string.Join('\n', differences.Select(Describe)));
        });
        return command;
    }

    private static Argument<string> PolicyArgument(string name) => new(name) { Description = "An execution policy, as text or in Base64." };

    private static Option<string?> GuestOption() => new("--guest")
    {
        Description = "What guests add to policies (default mounts and capabilities), as recordings have it, in place of what the guest agent adds.",
        HelpName = "FILE",
    };

    private static GroupEnvironment EnvironmentOf(string? path) => path is null ? GuestEnvironment.Default : RecordedSessions.ReadEnvironmentFile(path);

    private static void Conclude(Answer[] answers)
    {
        string[] broken = [.. answers.Where(answer => answer.Verdict == Verdict.Broken).Select(answer => $"\"{answer.Assertion}\"")];
        string[] open = [.. answers.Where(answer => answer.Verdict == Verdict.Unknown).Select(answer => $"\"{answer.Assertion}\"")];
        if (broken.Length > 0)
        {
            throw new OrchestratorException(ProofErrors.Broken, $"{string.Join(", ", broken)} can be broken.");
        }

        if (open.Length > 0)
        {
            throw new OrchestratorException(ProofErrors.Undecided, $"{string.Join(", ", open)} is neither proved nor refuted.");
        }
    }

    private static object ToJson(Answer answer) => new
    {
        answer.Assertion,
        answer.Verdict,
        answer.Reasons,
        answer.Remarks,
        counterexample = answer.Counterexample.Select(RecordedSessionWriter.Write),
    };

    private static string Describe(Induction induction)
    {
        var text = new StringBuilder();
        text.AppendLine("Base: nothing is mounted and nothing runs; the invariant below holds.");
        text.AppendLine(CultureInfo.InvariantCulture, $"Step: {induction.Steps.Sum(step => step.Probes)} requests were put to the engine, {induction.Steps.Sum(step => step.Admitted)} admitted, each as foreseen; the invariant held after each, and no refusal changed anything.");
        foreach (InductionStep step in induction.Steps)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {step.Point,-26}{step.Because}");
        }

        return text.ToString().TrimEnd();
    }

    private static string Describe(Answer answer)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{VerdictOf(answer.Verdict),-9}{answer.Assertion}");
        foreach (string reason in answer.Reasons)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {reason}");
        }

        text.Append(Describe(answer.Counterexample));
        foreach (string remark in answer.Remarks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  note: {remark}");
        }

        return text.ToString();
    }

    private static string Describe(Difference difference) =>
        $"{(difference.IsCertain ? "new" : "perhaps"),-9}{difference.Words}\n{Describe(difference.Example)}".TrimEnd();

    private static string Describe(IEnumerable<Step> steps) => string.Concat(steps.Select((step, index) =>
        string.Create(CultureInfo.InvariantCulture, $"  {index + 1,3}  {step.Request.Point,-26}{StepWords.Of(step)}\n")));

    private static string VerdictOf(Verdict verdict) => verdict switch
    {
        Verdict.Holds => "holds",
        Verdict.Broken => "broken",
        _ => "unknown",
    };
}
