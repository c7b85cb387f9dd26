using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>Takes the fields of one map by their keys, texts or registered numbers, and notes which, so that none passes unread (<see cref="CborField.ReadMap"/>).</summary>
public sealed class CborMapReader
{
    private readonly CborMap _map;
    private readonly string _path;
    private readonly HashSet<CborValue> _read = [];

    internal CborMapReader(CborMap map, string path)
    {
        _map = map;
        _path = path;
    }

    /// <summary>The field called <paramref name="key"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="CborErrors.MissingField"/>.</exception>
    public CborField Required(string key) => Require(key, key);

    /// <summary>The field with the number <paramref name="label"/>, which messages call <paramref name="name"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="CborErrors.MissingField"/>.</exception>
    public CborField Required(long label, string name) => Require(label, name);

    /// <summary>The field called <paramref name="key"/>, or <see langword="null"/> if it is absent.</summary>
    public CborField? Optional(string key) => Find(key, key);

    /// <summary>The field with the number <paramref name="label"/>, which messages call <paramref name="name"/>, or <see langword="null"/> if it is absent.</summary>
    public CborField? Optional(long label, string name) => Find(label, name);

    internal void RefuseUnread()
    {
        foreach ((CborValue key, _) in _map.Entries)
        {
            if (!_read.Contains(key))
            {
                throw new OrchestratorException(CborErrors.UnknownField, $"{_path} has an unknown field \"{Printable(key)}\".");
            }
        }
    }

    private CborField Require(CborValue key, string name) =>
        Find(key, name) ?? throw new OrchestratorException(CborErrors.MissingField, $"{_path}.{name} is missing.");

    private CborField? Find(CborValue key, string name)
    {
        _read.Add(key);
        return _map.TryGet(key, out CborValue? value) ? new CborField(value, $"{_path}.{name}") : null;
    }

    // The name is a stranger's: it must not reach a terminal with control characters, or fill it.
    private static string Printable(CborValue key)
    {
        string name = key is CborText text ? text.Value : $"{((CborInt)key).Value}";
        return string.Concat(name.Take(64).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '?'));
    }
}
