using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>Takes the fields of one map by their text keys, and notes which, so that none passes unread (<see cref="CborField.ReadMap"/>).</summary>
public sealed class CborMapReader
{
    private readonly CborMap _map;
    private readonly string _path;
    private readonly HashSet<string> _read = [];

    internal CborMapReader(CborMap map, string path)
    {
        _map = map;
        _path = path;
    }

    /// <summary>The field called <paramref name="key"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="CborErrors.MissingField"/>.</exception>
    public CborField Required(string key) =>
        Optional(key) ?? throw new OrchestratorException(CborErrors.MissingField, $"{_path}.{key} is missing.");

    /// <summary>The field called <paramref name="key"/>, or <see langword="null"/> if it is absent.</summary>
    public CborField? Optional(string key)
    {
        _read.Add(key);
        return _map.TryGet(key, out CborValue? value) ? new CborField(value, $"{_path}.{key}") : null;
    }

    internal void RefuseUnread()
    {
        foreach ((CborValue key, _) in _map.Entries)
        {
            if (key is not CborText text || !_read.Contains(text.Value))
            {
                throw new OrchestratorException(CborErrors.UnknownField, $"{_path} has an unknown field \"{Printable(key)}\".");
            }
        }
    }

    // The name is a stranger's: it must not reach a terminal with control characters, or fill it.
    private static string Printable(CborValue key)
    {
        string name = key is CborText text ? text.Value : $"{((CborInt)key).Value}";
        return string.Concat(name.Take(64).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '?'));
    }
}
