namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Brings the ways in which people put a claim to the one that the parser knows. What it does not know it leaves for the parser to refuse.</summary>
internal static class AssertionGrammar
{
    /// <summary>The words in the parser's order: "join never runs as root" as "never root in join".</summary>
    public static string[] Order(string[] words)
    {
        string[] ordered = words is ["no" or "nothing" or "nobody", .. var denied] ? ["never", .. denied] : words;
        if (ordered is [var stream, .. var of, "never", "leave" or "leaves" or "escapes"])
        {
            return [stream, .. of, "stays", "inside"];
        }

        int at = Array.FindIndex(ordered, word => word is "never" or "always");
        string[] subject = at is 1 or 2 && !IsStream(ordered[0]) ? ordered[..at] : [];
        string[] claim = Claim(subject.Length > 0 ? ordered[at..] : ordered);
        return subject is [] or ["containers" or "processes" or "everything"] ? claim : [.. claim, "in", .. subject];
    }

    private static string[] Claim(string[] words) => words switch
    {
        ["never", "allow" or "allows" or "permit" or "permits", .. var rest] => Claim(["never", .. rest]),
        ["never", "run" or "runs" or "running", "as", "user" or "uid", .. var who] => ["never", "user", .. who],
        ["never", "run" or "runs" or "running", "as", "group" or "gid", .. var who] => ["never", "group", .. who],
        ["never", "run" or "runs" or "running", "as", "root", .. var rest] => ["never", "root", .. rest],
        ["never", "run" or "runs" or "running", "as", .. var who] => ["never", "user", .. who],
        ["never", "exec" or "execs" or "executes" or "execute" or "run" or "runs" or "start" or "starts" or "spawn" or "spawns", .. var rest] => ["never", "exec", .. WithoutArticle(rest)],
        ["never", "get" or "gets" or "have" or "has" or "receive" or "receives" or "see" or "sees", .. var rest] => Claim(["never", .. WithoutArticle(rest)]),
        ["never", "be" or "is" or "are" or "becomes", .. var rest] => Claim(["never", .. rest]),
        ["never", "privileged" or "elevated", "container" or "containers", .. var rest] => ["never", "privileged", .. rest],
        ["never", "root", "user" or "process" or "processes", .. var rest] => ["never", "root", .. rest],
        ["never", "shell" or "shells", .. var rest] => ["never", "exec", "shell", .. rest],
        ["never" or "always", "variable" or "variables" or "environment", .. var rest] => [words[0], "env", .. rest],
        ["never", "capabilities" or "cap", .. var rest] => ["never", "capability", .. rest],
        ["never", "mounts" or "mounted", .. var rest] => ["never", "mount", .. rest],
        ["never", "signals", .. var rest] => ["never", "signal", .. rest],
        ["never", "created" or "creates", .. var rest] => ["never", "create", .. rest],
        ["always", "has" or "have" or "gets", .. var rest] => Claim(["always", .. WithoutArticle(rest)]),
        _ => words,
    };

    private static string[] WithoutArticle(string[] words) => words is ["a" or "an" or "any" or "the", .. { Length: > 0 } rest] ? rest : words;

    private static bool IsStream(string word) => word is "stdout" or "stderr" or "stdin" or "stdio" or "streams" or "output" or "logs" or "fragments" or "mounts" or "only";
}
