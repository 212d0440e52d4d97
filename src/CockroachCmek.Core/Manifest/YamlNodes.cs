using System.IO;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Reads YAML into nodes with line and column, from the parser's own events. Nothing is converted: yes, 0123 and
/// 2026-01-01 stay as written. Anchors, aliases, tags and merge keys are refused, because they could hide what is
/// sent.
/// </summary>
internal static class YamlNodes
{
    private static readonly Regex NotText = new(
        @"^(~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(0x[0-9a-fA-F]+|0o?[0-7]+|[0-9]+|[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?|\.inf|\.nan))$",
        RegexOptions.CultureInvariant
    );

    public static Node Read(string text, string path, DocumentKind kind)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
                throw kind.Empty(path);
            parser.Consume<DocumentStart>();
            var root = Value(parser, path, kind, depth: 0);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out _))
                throw Refuse(
                    parser.Current!,
                    path,
                    kind,
                    $"a second document begins here: {kind.Name} is one document."
                );
            return root;
        }
        catch (YamlException fault)
        {
            throw kind.Syntax(
                path,
                (int)Math.Max(1, fault.Start.Line),
                (int)Math.Max(1, fault.Start.Column),
                StrayCharacters.ExplainNear(text, (int)fault.Start.Line) ?? Plain(fault),
                fault
            );
        }
        catch (ArgumentException fault)
        {
            // YamlDotNet reads "!!" and an anchor without a name, and then refuses to make an event of them.
            var at = parser.Current is { } last ? At(last) : new Mark(1, 1);
            throw kind.Syntax(
                path,
                Math.Max(1, at.Line),
                Math.Max(1, at.Column),
                $"behind this place stands a tag (!) or an anchor (&) without a name: {kind.Name} has neither.",
                fault
            );
        }
    }

    private static Node Value(IParser parser, string path, DocumentKind kind, int depth)
    {
        var current = parser.Current!;
        if (depth > 32)
            throw Refuse(current, path, kind, "it is nested deeper than such a document.");
        if (current is AnchorAlias)
            throw Refuse(current, path, kind, $"an alias (*name) is not allowed in {kind.Name}: write the value out.");
        if (current is NodeEvent node)
        {
            if (!node.Anchor.IsEmpty)
                throw Refuse(
                    current,
                    path,
                    kind,
                    $"an anchor (&{node.Anchor}) is not allowed in {kind.Name}: write the value out."
                );
            if (!node.Tag.IsEmpty)
                throw Refuse(current, path, kind, $"a tag ({node.Tag}) is not allowed in {kind.Name}.");
        }

        var mark = At(current);
        if (parser.TryConsume<Scalar>(out var scalar))
            return new ScalarNode(
                mark,
                scalar.Value,
                IsText: scalar.Style != ScalarStyle.Plain || (scalar.Value.Length > 0 && !NotText.IsMatch(scalar.Value))
            );
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<Node>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                items.Add(Value(parser, path, kind, depth + 1));
            return new ListNode(mark, items);
        }

        parser.Consume<MappingStart>();
        var fields = new List<(string, Mark, Node)>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Current!;
            if (Value(parser, path, kind, depth + 1) is not ScalarNode name)
                throw Refuse(key, path, kind, "a field's name is a text.");
            if (name.Text == "<<")
                throw Refuse(key, path, kind, $"a merge key (<<) is not allowed in {kind.Name}: write the fields out.");
            fields.Add((name.Text, name.Mark, Value(parser, path, kind, depth + 1)));
        }

        return new MapNode(mark, fields);
    }

    private static CmekException Refuse(ParsingEvent at, string path, DocumentKind kind, string reason) =>
        kind.Syntax(path, At(at).Line, At(at).Column, reason, null);

    private static Mark At(ParsingEvent parsing) => new((int)parsing.Start.Line, (int)parsing.Start.Column);

    /// <summary>YamlDotNet begins its messages with the position, which our message has already.</summary>
    private static string Plain(YamlException fault) =>
        Regex.Replace(fault.Message, @"^\(Line: \d+, Col: \d+, Idx: \d+\) - \(Line: \d+, Col: \d+, Idx: \d+\): ", "");
}
