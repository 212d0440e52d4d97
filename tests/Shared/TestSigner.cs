using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Testing;

/// <summary>AWS Signature Version 4 for tests. It shares no code with the module or the sandbox.</summary>
internal static class TestSigner
{
    public static HttpRequestMessage Sign(
        Uri endpoint,
        string keyId,
        string secret,
        string service,
        string region,
        string body,
        string contentType = "application/x-www-form-urlencoded; charset=utf-8",
        string? target = null
    )
    {
        var stamp = DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["content-type"] = contentType,
            ["host"] = endpoint.Authority,
            ["x-amz-date"] = stamp,
        };
        if (target is not null)
            headers["x-amz-target"] = target;
        var names = string.Join(";", headers.Keys);
        var fields = string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n"));
        var canonical = $"POST\n/\n\n{fields}\n{names}\n{Hash(body)}";
        var scope = $"{stamp[..8]}/{region}/{service}/aws4_request";
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope.Split('/'))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var toSign = Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Hash(canonical)}");
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, toSign));
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.Add("X-Amz-Date", stamp);
        if (target is not null)
            request.Headers.Add("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={keyId}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        return request;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
