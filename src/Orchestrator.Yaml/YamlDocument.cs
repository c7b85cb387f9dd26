using System.Text;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orchestrator.Yaml;

/// <summary>
/// Reads the plain subset of YAML 1.2 that people write by hand: one document of mappings with text keys, sequences and
/// scalars. Anchors, aliases, tags, duplicate keys and further documents are refused: what a reader sees is what is meant.
/// </summary>
public static class YamlDocument
{
    /// <summary>Bytes that a file may have.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>How deep mappings and sequences may nest.</summary>
    public const int MaxDepth = 16;

    /// <summary>Reads a file.</summary>
    public static YamlValue Read(string path) => Parse(LocalFile.ReadAllText(path, MaxBytes, YamlErrors.TooLarge), path);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The document.</param>
    /// <param name="file">How messages name it.</param>
    public static YamlValue Parse(string text, string file)
    {
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes)
        {
            throw new OrchestratorException(YamlErrors.TooLarge, $"{file}: the file has more than {MaxBytes} bytes.");
        }

        try
        {
            return new Reader(new Parser(new Scanner(new StringReader(text), skipComments: true)), file).Document();
        }
        catch (YamlException e)
        {
            throw new OrchestratorException(YamlErrors.Syntax, $"{file}:{e.Start.Line}:{e.Start.Column}: {FirstLine(e)}.", inner: e);
        }
    }

    private static string FirstLine(YamlException e) =>
        (e.InnerException?.Message ?? e.Message).Split('\n')[0].Trim().TrimEnd('.');

    private sealed class Reader(Parser parser, string file)
    {
        public YamlValue Document()
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                throw new OrchestratorException(YamlErrors.Syntax, $"{file}:1:1: the document is empty.");
            }

            parser.Consume<DocumentStart>();
            YamlValue value = Value("", 0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out DocumentStart? second))
            {
                throw Refuse(second, "a second document");
            }

            parser.Consume<StreamEnd>();
            return value;
        }

        private YamlValue Value(string path, int depth)
        {
            ParsingEvent next = parser.Current!;
            if (depth > MaxDepth)
            {
                throw new OrchestratorException(YamlErrors.TooLarge, $"{At(next)}: values are nested more than {MaxDepth} deep.");
            }

            if (next is NodeEvent { Anchor.IsEmpty: false } or AnchorAlias)
            {
                throw Refuse(next, "an anchor or alias");
            }

            if (next is NodeEvent { Tag.IsEmpty: false })
            {
                throw Refuse(next, "a tag");
            }

            return next switch
            {
                YamlDotNet.Core.Events.Scalar => Word(path),
                SequenceStart => List(path, depth),
                MappingStart => Map(path, depth),
                _ => throw Refuse(next, "this"),
            };
        }

        private YamlScalar Word(string path)
        {
            Scalar scalar = parser.Consume<Scalar>();
            return new YamlScalar(path, At(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain);
        }

        private YamlList List(string path, int depth)
        {
            YamlPlace place = At(parser.Consume<SequenceStart>());
            var items = new List<YamlValue>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Value($"{path}[{items.Count}]", depth + 1));
            }

            return new YamlList(path, place, items);
        }

        private YamlMap Map(string path, int depth)
        {
            YamlPlace place = At(parser.Consume<MappingStart>());
            var entries = new Dictionary<string, YamlEntry>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                YamlValue key = Value(path, depth + 1);
                if (key is not YamlScalar { Text: { Length: > 0 } name })
                {
                    throw new OrchestratorException(YamlErrors.Syntax, $"{key.Place}: a key is one word.");
                }

                YamlValue value = Value(path.Length == 0 ? name : $"{path}.{name}", depth + 1);
                if (!entries.TryAdd(name, new YamlEntry(key.Place, value)))
                {
                    throw new OrchestratorException(YamlErrors.Syntax, $"{key.Place}: the key {name} occurs twice.");
                }
            }

            return new YamlMap(path, place, entries);
        }

        private YamlPlace At(ParsingEvent at) => new(file, at.Start.Line, at.Start.Column);

        private OrchestratorException Refuse(ParsingEvent at, string what) =>
            new(YamlErrors.Syntax, $"{At(at)}: {what} has no place in this file.");
    }
}
