using System.Text;
using System.Text.Json;

namespace CockroachCmek.Core.Manifest;

/// <summary>Reads JSON into nodes with line and column.</summary>
internal static class JsonNodes
{
    public static Node Read(string text, string path, DocumentKind kind)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var cursor = new Cursor(bytes);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 32 });
        try
        {
            reader.Read();
            var root = Value(ref reader, cursor);
            reader.Read(); // throws where something follows
            return root;
        }
        catch (JsonException fault)
        {
            throw JsonFaults.Of(fault, bytes, text, path, kind);
        }
        catch (InvalidOperationException fault)
        {
            // An unpaired surrogate escape (\ud800) is valid JSON grammar, but not text.
            var mark = cursor.MoveTo(reader.TokenStartIndex);
            throw kind.Syntax(path, mark.Line, mark.Column, "a text holds half a character.", fault);
        }
    }

    private static Node Value(ref Utf8JsonReader reader, Cursor cursor)
    {
        var mark = cursor.MoveTo(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = new List<(string, Mark, Node)>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var nameMark = cursor.MoveTo(reader.TokenStartIndex);
                    var name = reader.GetString()!;
                    reader.Read();
                    fields.Add((name, nameMark, Value(ref reader, cursor)));
                }

                return new MapNode(mark, fields);
            case JsonTokenType.StartArray:
                var items = new List<Node>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(Value(ref reader, cursor));
                return new ListNode(mark, items);
            case JsonTokenType.String:
                return new ScalarNode(mark, reader.GetString()!, IsText: true);
            default:
                return new ScalarNode(
                    mark,
                    cursor.Text(reader.TokenStartIndex, reader.BytesConsumed - reader.TokenStartIndex),
                    IsText: false
                );
        }
    }

    /// <summary>
    /// The position in the document, which only moves forward: every byte is counted once, however many tokens there
    /// are.
    /// </summary>
    private sealed class Cursor(byte[] bytes)
    {
        private long _index;
        private int _line = 1;
        private int _column = 1;

        public Mark MoveTo(long index)
        {
            for (; _index < index; _index++)
                if (bytes[_index] == (byte)'\n')
                    (_line, _column) = (_line + 1, 1);
                else if ((bytes[_index] & 0xC0) != 0x80)
                    _column += bytes[_index] >= 0xF0 ? 2 : 1; // UTF-16 counts four bytes as two characters
            return new Mark(_line, _column);
        }

        public string Text(long start, long length) => Encoding.UTF8.GetString(bytes, (int)start, (int)length);
    }
}
