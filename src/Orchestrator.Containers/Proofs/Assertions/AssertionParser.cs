using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Patterns;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Understands claims in words (docs/spec/policy-proof.md). What it does not understand it refuses: such a claim must not seem to hold.</summary>
internal sealed class AssertionParser
{
    private readonly GroupInvariant _invariant;
    private readonly string _text;
    private readonly string[] _words;

    private AssertionParser(GroupInvariant invariant, string text)
    {
        _invariant = invariant;
        _text = text;
        _words = AssertionGrammar.Order([.. AssertionWords.Split(text)]);
    }

    /// <summary>Reads a claim about the policy of <paramref name="invariant"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ProofErrors.Assertion"/>, or <see cref="ProofErrors.Subject"/>.</exception>
    public static Assertion Parse(GroupInvariant invariant, string text) => new AssertionParser(invariant, text).Parse();

    // A pattern or value may end in anything.
    private Assertion Parse() => !_words.Contains("matching") && ClaimNames.HasStop(_text)
        ? throw Unknown("a full stop or the like would become part of a name; put \"quotes\" around a name that ends so")
        : Understood();

    private Assertion Understood() => _words switch
    {
        ["never", "exec", .. var rest] => Exec(rest),
        ["never", "env", .. var rest] => NeverVariable(rest),
        ["always", "env", .. var rest] => AlwaysVariable(rest),
        ["only", "env", .. var rest] => OnlyVariables(rest),
        ["never", "mount", .. var rest] => Take(rest, (place, scope) => place.StartsWith('/') && ClaimNames.IsPlain(place) ? new NeverMountAt(_text, scope, place) : throw Unknown("a mount is named by its absolute path in the container")),
        ["mounts", .. var rest, "stay", "inside"] => new MountsStayInside(_text, ScopeOf(rest)),
        ["never", "privileged", .. var rest] => new NeverPrivileged(_text, ScopeOf(rest)),
        ["never", "root", .. var rest] => new NeverIdentity(_text, ScopeOf(rest), "root", false),
        ["never", "user", .. var rest] => Take(rest, (who, scope) => new NeverIdentity(_text, scope, Plain(who), false)),
        ["never", "group", .. var rest] => Take(rest, (who, scope) => new NeverIdentity(_text, scope, Plain(who), true)),
        ["never", "capability", .. var rest] => Take(rest, (name, scope) => new NeverCapability(_text, scope, Capability(name))),
        ["always", "no_new_privileges", .. var rest] => new AlwaysWithoutNewPrivileges(_text, ScopeOf(rest)),
        ["always", "seccomp", .. var rest] => rest is [] or ["in" or "of" or "for", ..]
            ? new AlwaysSeccomp(_text, ScopeOf(rest), null) : Take(rest, (profile, scope) => new AlwaysSeccomp(_text, scope, Hash(profile))),
        ["never", "signal", .. var rest] => Signal(rest),
        ["stdout" or "stderr" or "stdin" or "stdio" or "streams" or "output" or "logs", .. var rest, "stay" or "stays", "inside"] => new StreamsStayInside(_text, ScopeOf(rest)),
        ["never", "stdout" or "stderr" or "stdin" or "stdio" or "streams" or "output", .. var rest] => new StreamsStayInside(_text, ScopeOf(rest)),
        ["only", "layers", .. { Length: > 0 } hashes] => new LayersAre(_text, Hashes(hashes).Contains, new string('e', 64), true),
        ["never", "layer", var hash] => new LayersAre(_text, found => !string.Equals(found, hash, StringComparison.OrdinalIgnoreCase), Hash(hash), false),
        ["fragments", .. var rest] => Fragments(rest),
        ["never", "create", .. var rest] => new NeverCreated(_text, ScopeOf(rest is [] or ["in" or "of" or "for", ..] ? rest : ["of", .. rest])),
        ["never", .. var rest] => Point(rest),
        _ => throw Unknown("no form of a claim fits it; docs/spec/policy-proof.md and `orchestrator policy prove --help` list them"),
    };

    private Assertion Exec(string[] rest) => rest switch
    {
        [] or ["in" or "of", ..] => new NeverAt(_text, ScopeOf(rest), "exec_in_container"),
        ["anything", .. var scope] => new NeverAt(_text, ScopeOf(scope), "exec_in_container"),
        ["shell" or "shells", .. var scope] => Program("shell", ScopeOf(scope)),
        _ => Take(rest, (name, scope) => Program(name, scope)),
    };

    private NeverExec Program(string name, Scope scope) =>
        new(_text, scope, ProgramName.Read(name) ?? throw Unknown("a program is a path, a file's name, or a whole command as a JSON array of strings; patterns and whole commands in quotes are not programs"));

    private Assertion NeverVariable(string[] rest)
    {
        if (rest is ["matching"])
        {
            throw Unknown("the pattern is missing");
        }

        if (rest is ["matching", var pattern, .. var scope])
        {
            Re2Pattern read = Pattern(pattern);
            return new NeverVariable(_text, ScopeOf(scope), TextSet.Matching(read), read.IsMatch);
        }

        return Take(rest, (name, scope) =>
        {
            (TextSet set, Func<string, bool> has) = Variables(name);
            return new NeverVariable(_text, scope, set, has);
        });
    }

    // NAME=value also says that there is no other value: the last of several counts for most programs.
    private Assertion AlwaysVariable(string[] rest) => Take(rest, (name, scope) =>
    {
        (TextSet set, Func<string, bool> has) = Variables(name);
        var always = new AlwaysVariable(_text, scope, set, has);
        if (!name.Contains('='))
        {
            return always;
        }

        (TextSet any, Func<string, bool> hasAny) = Variables(name.Split('=')[0]);
        return new AllOf(_text, [always, new NeverVariable(_text, scope, any.Except(set), variable => hasAny(variable) && !has(variable))]);
    });

    private NeverVariable OnlyVariables(string[] rest)
    {
        int end = Array.FindIndex(rest, word => word is "in" or "of" or "for");
        (TextSet Set, Func<string, bool> Has)[] known = [.. Names(rest[..(end < 0 ? rest.Length : end)]).Select(Variables)];
        return known.Length == 0
            ? throw Unknown("names of variables are missing")
            : new NeverVariable(_text, ScopeOf(end < 0 ? [] : rest[end..]), TextSet.AnyOf(known.Select(one => one.Set)).Complement(), variable => !known.Any(one => one.Has(variable)));
    }

    private Assertion Signal(string[] rest) => rest is [] or ["to" or "in" or "of", ..]
        ? new NeverSignal(_text, ScopeOf(rest), null)
        : Take(rest, (name, scope) => new NeverSignal(_text, scope, SignalNames.Find(name) ?? throw Unknown($"there is no signal \"{name}\"; give its name or a number from 1 to 64")));

    private Assertion Fragments(string[] rest) => rest switch
    {
        ["may", "add", "nothing"] or ["add", "nothing"] => new FragmentsMayOnly(_text, [], null),
        ["may", "add", "only", .. { Length: > 0 } kinds] => new FragmentsMayOnly(_text, Kinds(kinds), null),
        ["only", "from" or "of", .. { Length: > 0 } issuers] => new FragmentsMayOnly(_text, null, Names(issuers).Select(Plain).ToImmutableHashSet(StringComparer.Ordinal)),
        _ => throw Unknown("of fragments it can be said: may add nothing; may add only containers, external_processes, fragments, platform_rules, namespace; only from ISSUER"),
    };

    private Assertion Point(string[] rest)
    {
        string name = string.Join('_', rest.TakeWhile(word => word is not ("in" or "of" or "to" or "for")));
        Scope scope = ScopeOf([.. rest.SkipWhile(word => word is not ("in" or "of" or "to" or "for"))]);
        return name switch
        {
            "unencrypted_scratch" => scope.IsNamed ? throw Unknown("scratch space belongs to no container") : new NeverUnencrypted(_text),
            "create_container" => new NeverCreated(_text, scope),
            "fragment" or "fragments" or "load_fragment" => new FragmentsMayOnly(_text, [], []),
            _ when scope.IsNamed && Alias(name) is not ("exec_in_container" or "signal_container_process") => throw Unknown($"\"{name}\" is not known, or cannot be said of one container alone"),
            _ when EnforcementPoint.All.ContainsKey(Alias(name)) => new NeverAt(_text, scope, Alias(name)),
            _ => throw Unknown($"\"{name}\" is no enforcement point, and nothing else that never can be said of"),
        };
    }

    private static string Alias(string name) => name switch
    {
        "host_share" or "share" => "plan9_mount",
        "external_process" or "external_processes" => "exec_external",
        "properties" or "properties_access" => "get_properties",
        "stacks" or "dump" => "dump_stacks",
        "logging" => "runtime_logging",
        _ => name,
    };

    private Assertion Take(string[] rest, Func<string, Scope, Assertion> make) => rest is [var first, .. var scope]
        ? make(first, ScopeOf(scope))
        : throw Unknown("something is missing behind its second word");

    private Scope ScopeOf(string[] words) => words switch
    {
        [] => Scope.Everything,
        ["of" or "in" or "to" or "for", .. { Length: > 0 and <= 2 } name] when name.All(word => word.Length > 0) => Scope.Of(_invariant, name),
        _ => throw Unknown($"\"{string.Join(' ', words)}\" does not name a container, as \"in NAME\" does"),
    };

    private (TextSet Set, Func<string, bool> Has) Variables(string name)
    {
        if (!ClaimNames.IsVariable(name.Split('=')[0]))
        {
            throw Unknown($"\"{name.Split('=')[0]}\" is no variable's name; \"never env matching PATTERN\" takes a pattern");
        }

        if (name.Contains('*'))
        {
            throw Unknown("a value is taken as it is; \"never env matching PATTERN\" takes a pattern");
        }

        return name.Contains('=')
            ? (TextSet.Exactly(name), variable => variable == name)
            : (TextSet.NameAndValue(TextSet.Exactly(name), TextSet.Matching(Re2Pattern.Parse("(?s).*"))), variable => variable.StartsWith(name + "=", StringComparison.Ordinal));
    }

    private Re2Pattern Pattern(string pattern)
    {
        try
        {
            return Re2Pattern.Parse(pattern);
        }
        catch (FormatException e)
        {
            throw Unknown($"the pattern {pattern} is not admitted: {e.Message}");
        }
    }

    private ImmutableHashSet<string> Kinds(string[] words)
    {
        ImmutableHashSet<string> kinds = Names(words).Where(word => word != "and").ToImmutableHashSet(StringComparer.Ordinal);
        return kinds.IsSubsetOf(["containers", "external_processes", "fragments", "platform_rules", "namespace"]) ? kinds
            : throw Unknown("fragments may add containers, external_processes, fragments, platform_rules and namespace");
    }

    private ImmutableHashSet<string> Hashes(string[] words) => Names(words).Select(Hash).ToImmutableHashSet(StringComparer.OrdinalIgnoreCase);

    private string Hash(string word) => ClaimNames.IsHash(word) ? word : throw Unknown($"\"{word}\" is no SHA-256 in hexadecimal");

    private string Plain(string word) => ClaimNames.IsPlain(word) ? word : throw Unknown($"\"{word}\" is nothing that has one name");

    private string Capability(string word) => NeverCapability.Normalize(word) is var name && ClaimNames.IsCapability(name) ? name : throw Unknown($"there is no capability \"{word}\"");

    private static IEnumerable<string> Names(IEnumerable<string> words) => words.SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries));

    private OrchestratorException Unknown(string why) => new(ProofErrors.Assertion, $"The assertion \"{_text}\" is not understood: {why}.");
}
