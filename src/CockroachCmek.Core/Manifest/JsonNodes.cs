using System.Text;
using System.Text.Json;

namespace CockroachCmek.Core.Manifest;

/// <summary>Reads JSON into nodes with line and column.</summary>
internal static class JsonNodes
{
    public static Node Read(string text, string path)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 32 });
        try
        {
            reader.Read();
            var root = Value(ref reader, bytes);
            reader.Read(); // throws where something follows
            return root;
        }
        catch (JsonException fault)
        {
            var message = fault.Message;
            var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw Errors.ManifestSyntax(
                path,
                (int)(fault.LineNumber ?? 0) + 1,
                (int)(fault.BytePositionInLine ?? 0) + 1,
                end > 0 ? message.Substring(0, end) : message,
                fault
            );
        }
        catch (InvalidOperationException fault)
        {
            // An unpaired surrogate escape (\ud800) is valid JSON grammar, but not text.
            var mark = At(bytes, reader.TokenStartIndex);
            throw Errors.ManifestSyntax(path, mark.Line, mark.Column, "a text holds half a character.", fault);
        }
    }

    private static Node Value(ref Utf8JsonReader reader, byte[] bytes)
    {
        var mark = At(bytes, reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = new List<(string, Mark, Node)>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var nameMark = At(bytes, reader.TokenStartIndex);
                    var name = reader.GetString()!;
                    reader.Read();
                    fields.Add((name, nameMark, Value(ref reader, bytes)));
                }

                return new MapNode(mark, fields);
            case JsonTokenType.StartArray:
                var items = new List<Node>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(Value(ref reader, bytes));
                return new ListNode(mark, items);
            case JsonTokenType.String:
                return new ScalarNode(mark, reader.GetString()!, IsText: true);
            default:
                return new ScalarNode(
                    mark,
                    Encoding.UTF8.GetString(
                        bytes,
                        (int)reader.TokenStartIndex,
                        (int)(reader.BytesConsumed - reader.TokenStartIndex)
                    ),
                    IsText: false
                );
        }
    }

    private static Mark At(byte[] bytes, long index)
    {
        var line = 1;
        var lineStart = 0;
        for (var i = 0; i < index; i++)
        {
            if (bytes[i] != (byte)'\n')
                continue;
            line++;
            lineStart = i + 1;
        }

        return new Mark(line, Encoding.UTF8.GetCharCount(bytes, lineStart, (int)index - lineStart) + 1);
    }
}
