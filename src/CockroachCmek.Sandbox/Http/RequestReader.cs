using System.Globalization;
using System.IO;
using System.Text;

namespace CockroachCmek.Sandbox.Http;

/// <summary>A request as it was received.</summary>
internal sealed record ParsedRequest(
    string Method,
    string Target,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    byte[] Body,
    bool KeepAlive
);

/// <summary>
/// Reads HTTP/1.1 requests from one connection: head, then a body by length or in chunks. Sizes are limited.
/// </summary>
internal sealed class RequestReader(Stream stream)
{
    private const int LargestHead = 64 * 1024;
    private const int LargestBody = 8 * 1024 * 1024;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>
    /// Reads the next request; null at the end of the connection. A refusal is the response to malformed input.
    /// </summary>
    public async Task<(ParsedRequest? Request, SandboxResponse? Refusal)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var first = await LineAsync(LargestHead, cancellationToken);
            while (first is { Length: 0 })
                first = await LineAsync(LargestHead, cancellationToken);
            if (first is null)
                return (null, null);
            var parts = first.Split(' ');
            if (
                parts.Length != 3
                || !parts[2].StartsWith("HTTP/1.", StringComparison.Ordinal)
                || !parts[0].All(char.IsLetter)
            )
                return Refuse("This is not an HTTP/1.1 request.");
            var headers = new List<KeyValuePair<string, string>>();
            var size = first.Length;
            for (
                var line = await LineAsync(LargestHead, cancellationToken);
                line != "";
                line = await LineAsync(LargestHead, cancellationToken)
            )
            {
                if (line is null)
                    return (null, null);
                size += line.Length;
                var colon = line.IndexOf(':');
                if (colon <= 0 || size > LargestHead)
                    return Refuse("A header field is malformed, or the head is too large.");
                headers.Add(
                    new KeyValuePair<string, string>(line.Substring(0, colon).Trim(), line.Substring(colon + 1).Trim())
                );
            }

            string? Header(string name) =>
                headers.FirstOrDefault(h => string.Equals(h.Key, name, StringComparison.OrdinalIgnoreCase)).Value;
            if (string.Equals(Header("Expect"), "100-continue", StringComparison.OrdinalIgnoreCase))
            {
                var go = Encoding.ASCII.GetBytes("HTTP/1.1 100 Continue\r\n\r\n");
                await stream.WriteAsync(go, 0, go.Length, cancellationToken);
            }

            byte[]? body;
            if (string.Equals(Header("Transfer-Encoding"), "chunked", StringComparison.OrdinalIgnoreCase))
                body = await ChunksAsync(cancellationToken);
            else if (Header("Content-Length") is { } length)
            {
                if (
                    !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                    || count > LargestBody
                )
                    return Refuse("The Content-Length is not a number, or too large.");
                body = await BytesAsync(count, cancellationToken);
            }
            else
                body = [];

            if (body is null)
                return (null, null);
            var connection = Header("Connection") ?? "";
            var keepAlive =
                parts[2] == "HTTP/1.0"
                    ? connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
                    : !connection.Equals("close", StringComparison.OrdinalIgnoreCase);
            return (new ParsedRequest(parts[0].ToUpperInvariant(), Origin(parts[1]), headers, body, keepAlive), null);
        }
        catch (InvalidDataException error)
        {
            return Refuse(error.Message);
        }
    }

    /// <summary>Path and query. A proxy-style target also carries the host, which does not matter here.</summary>
    private static string Origin(string target) =>
        Uri.TryCreate(target, UriKind.Absolute, out var absolute)
        && absolute.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? absolute.PathAndQuery
            : target;

    private static (ParsedRequest?, SandboxResponse?) Refuse(string reason) =>
        (null, new SandboxResponse(400, Encoding.UTF8.GetBytes(reason + "\n"), "text/plain"));

    private async Task<byte[]?> ChunksAsync(CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        while (true)
        {
            if (await LineAsync(1024, cancellationToken) is not { } line)
                return null;
            if (
                !int.TryParse(
                    line.Split(';')[0].Trim(),
                    NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture,
                    out var size
                )
                || size < 0
                || body.Length + size > LargestBody
            )
                throw new InvalidDataException("A chunk is malformed, or the body is too large.");
            if (size == 0)
            {
                while (await LineAsync(1024, cancellationToken) is { Length: > 0 })
                {
                    // Trailers are ignored.
                }

                return body.ToArray();
            }

            if (await BytesAsync(size, cancellationToken) is not { } chunk)
                return null;
            body.Write(chunk, 0, size);
            await LineAsync(16, cancellationToken);
        }
    }

    private async Task<byte[]?> BytesAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (var have = 0; have < count; )
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                return null;
            var take = Math.Min(count - have, _end - _start);
            Buffer.BlockCopy(_buffer, _start, bytes, have, take);
            _start += take;
            have += take;
        }

        return bytes;
    }

    /// <summary>Reads a line without its line ending; null at the end of the connection.</summary>
    private async Task<string?> LineAsync(int longest, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                return null;
            var value = _buffer[_start++];
            if (value == (byte)'\n')
            {
                var text = Encoding.UTF8.GetString(line.ToArray());
                return text.EndsWith("\r", StringComparison.Ordinal) ? text.Substring(0, text.Length - 1) : text;
            }

            if (line.Length >= longest)
                throw new InvalidDataException("A line is too long.");
            line.WriteByte(value);
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, 0, _buffer.Length, cancellationToken);
        return _end > 0;
    }
}
