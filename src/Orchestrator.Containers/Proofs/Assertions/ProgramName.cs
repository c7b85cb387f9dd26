using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Whether a command starts the program that a claim names.</summary>
internal enum Likeness
{
    /// <summary>Not by its name.</summary>
    Different,

    /// <summary>That depends on the image or on what the program does.</summary>
    Unclear,

    /// <summary>Yes.</summary>
    Same,
}

/// <summary>A program as a claim names it: a path, a file's name, <c>a shell</c>, or a whole command as a JSON array.</summary>
/// <remarks>Names are compared, not files: what a link in an image leads to, nobody sees in a policy.</remarks>
internal sealed partial class ProgramName
{
    private const string Shell = "a shell";

    // These start what their arguments name.
    private static readonly ImmutableHashSet<string> Launchers = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        "busybox", "catatonit", "chroot", "chrt", "doas", "dumb-init", "env", "exec", "flock", "gosu", "ionice", "nice", "nohup", "nsenter", "setarch",
        "setpriv", "setsid", "stdbuf", "strace", "su-exec", "sudo", "taskset", "time", "timeout", "tini", "toybox", "unshare", "xargs");

    private static readonly ImmutableHashSet<string> Shells = ImmutableHashSet.Create(
        StringComparer.Ordinal, "sh", "ash", "bash", "csh", "dash", "elvish", "fish", "hush", "ksh", "lash", "lksh", "mksh", "msh", "nu", "oksh", "osh", "posh", "pwsh", "rbash", "rksh",
        "sash", "scsh", "tcsh", "xonsh", "yash", "zsh");

    // These give whoever uses them a shell, some only if nothing else is named.
    private static readonly ImmutableHashSet<string> Hosts = ImmutableHashSet.Create(
        StringComparer.Ordinal, "agetty", "byobu", "capsh", "chroot", "doas", "ed", "emacs", "ex", "expect", "flock", "gdb", "getty", "less", "linux32", "linux64", "login", "man", "more",
        "mosh", "newgrp", "nsenter", "pkexec", "runuser", "screen", "script", "setarch", "sg", "ssh", "sshd", "su", "sudo", "sulogin", "tclsh", "tmux", "unshare", "vi", "view", "vim");

    // These run code that an argument holds, behind an option that ends so; a shell's shows what it starts unless something hides it.
    private static readonly ImmutableArray<(string Name, string Options)> Interpreters =
        [("python", "c"), ("pypy", "c"), ("perl", "eE"), ("ruby", "e"), ("node", "ep"), ("deno", "e"), ("bun", "ep"), ("lua", "e"), ("php", "rRB"), ("tclsh", "c"), ("guile", "c")];

    private readonly string _text;
    private readonly ImmutableArray<string> _command;

    private ProgramName(string text, ImmutableArray<string> command)
    {
        _text = text;
        _command = command;
    }

    /// <summary>A command that starts it.</summary>
    public ImmutableArray<string> Command => !_command.IsDefault ? _command : _text == Shell ? ["/bin/sh"] : [_text];

    /// <summary>Reads what a claim says; null: it is no program.</summary>
    public static ProgramName? Read(string text)
    {
        if (!text.StartsWith('['))
        {
            return (!ClaimNames.IsPlain(text) || FileOf(text) is "" or "." or "..") && text != "any shell" ? null : new ProgramName(text is "shell" or "shells" or "any shell" ? Shell : text, default);
        }

        try
        {
            string?[] parts = JsonSerializer.Deserialize<string?[]>(text)!;
            return parts is [] or ["", ..] || parts.Contains(null) ? null : new ProgramName(text, [.. parts.OfType<string>()]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a command starts the program.</summary>
    public Likeness Compare(ImmutableArray<string> command, string workingDirectory)
    {
        if (!_command.IsDefault)
        {
            return command.SequenceEqual(_command) ? Likeness.Same : Likeness.Different;
        }

        if (command.IsEmpty)
        {
            return Likeness.Different;
        }

        Likeness program = _text == Shell ? CompareToShells(command[0]) : ComparePath(command[0], workingDirectory);
        return program == Likeness.Same || command.Length == 1 ? program
            : Max(Max(program, HoldsCode(command) ? Likeness.Unclear : Likeness.Different), CompareArguments(command, workingDirectory));
    }

    // Code that can build a name need not mention it.
    private static bool HoldsCode(ImmutableArray<string> command)
    {
        string file = FileOf(command[0]);
        bool shell = Shells.Contains(file);
        string letters = shell ? "c" : string.Concat(Interpreters.Where(known => file.StartsWith(known.Name, StringComparison.Ordinal)).Select(known => known.Options));
        for (int i = 1; letters.Length > 0 && i < command.Length && command[i].StartsWith('-'); i++)
        {
            string option = command[i];
            if (option.StartsWith("--eval", StringComparison.Ordinal) || (option is ['-', not '-', ..] && option.AsSpan(1).ContainsAny(letters)))
            {
                return !shell || command.Skip(i + 1).Any(code => Hidden().IsMatch(code));
            }

            i += TakesValue().IsMatch(option) ? 1 : 0;
        }

        return false;
    }

    /// <summary>Whether a file of that name is a shell.</summary>
    public static Likeness CompareToShells(string path)
    {
        string name = FileOf(path);
        return Shells.Contains(name) ? Likeness.Same
            : Hosts.Contains(name) || LooksLikeShell().IsMatch(name) ? Likeness.Unclear
            : Likeness.Different;
    }

    /// <summary>The name as it was put.</summary>
    public override string ToString() => _text;

    private static Likeness Max(Likeness left, Likeness right) => left > right ? left : right;

    private Likeness ComparePath(string path, string workingDirectory)
    {
        if (FileOf(path) != FileOf(_text))
        {
            return Likeness.Different;
        }

        // A name alone is looked up in folders that the command does not say.
        bool sameFile = !path.Contains('/') || !_text.Contains('/') || Resolve(path, workingDirectory) == Resolve(_text, "/");
        return sameFile ? Likeness.Same : Likeness.Unclear;
    }

    private Likeness CompareArguments(ImmutableArray<string> command, string workingDirectory)
    {
        bool launches = Launchers.Contains(FileOf(command[0])) || FileOf(command[0]).StartsWith("busybox", StringComparison.Ordinal) || FileOf(command[0]).StartsWith("ld-", StringComparison.Ordinal);
        Likeness most = Likeness.Different;
        foreach (string argument in command.Skip(1))
        {
            if (launches && (_text == Shell ? CompareToShells(argument) : ComparePath(argument, workingDirectory)) == Likeness.Same)
            {
                return Likeness.Same;
            }

            bool mentioned = Separators().Split(argument).Any(word => word.Length > 0 && (_text == Shell ? Shells.Contains(FileOf(word)) : FileOf(word) == FileOf(_text)));
            most = mentioned ? Likeness.Unclear : most;
        }

        return most;
    }

    private static string FileOf(string path) => path.TrimEnd('/').Split('/')[^1];

    // /usr/bin is /bin on most systems, and each names the other's files.
    private static string Resolve(string path, string workingDirectory)
    {
        var parts = new List<string>();
        foreach (string part in (path.StartsWith('/') ? path : $"{workingDirectory}/{path}").Split('/'))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        IEnumerable<string> merged = parts is ["usr", "bin" or "sbin", ..] ? parts.Skip(1) : parts;
        return "/" + string.Join('/', merged);
    }

    [GeneratedRegex(@"(^|[^a-z])(a|ba|c|da|k|mk|tc|z|pw)?sh([^a-z]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeShell();

    [GeneratedRegex(@"[\s'""`;&|()<>=,{}$\\:!\[\]]+")]
    private static partial Regex Separators();

    [GeneratedRegex(@"^-[IMOSWXdlor]\z")]
    private static partial Regex TakesValue();

    [GeneratedRegex(@"[`$\\'""*?\[{~#]|\b(eval|source)\b|(^|\s)\.\s")]
    private static partial Regex Hidden();
}
