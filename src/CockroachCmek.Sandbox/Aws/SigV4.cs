using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What a signature says: who signed, and for which region and service.</summary>
internal sealed record SignatureScope(
    string AccessKeyId,
    string Date,
    string Region,
    string Service,
    string SignedHeaders,
    string Signature
)
{
    /// <summary>Reads an Authorization header; null when it is no AWS4-HMAC-SHA256 one.</summary>
    public static SignatureScope? Parse(string? authorization)
    {
        const string Scheme = "AWS4-HMAC-SHA256 ";
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.Ordinal))
            return null;
        var fields = authorization
            .Substring(Scheme.Length)
            .Split(',')
            .Select(part => part.Trim().Split(['='], 2))
            .Where(p => p.Length == 2)
            .GroupBy(p => p[0])
            .ToDictionary(g => g.Key, g => g.First()[1]);
        if (
            !fields.TryGetValue("Credential", out var credential)
            || !fields.TryGetValue("SignedHeaders", out var headers)
            || !fields.TryGetValue("Signature", out var signature)
        )
            return null;
        var scope = credential.Split('/');
        return scope.Length == 5 && scope[4] == "aws4_request"
            ? new SignatureScope(scope[0], scope[1], scope[2], scope[3], headers, signature)
            : null;
    }
}

/// <summary>Checks AWS Signature Version 4 over the whole request, the body included. Source: the public description of the signing process in the IAM User Guide.</summary>
internal static class SigV4
{
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    /// <summary>Null when the signature is right; otherwise AWS's refusal.</summary>
    /// <param name="now">Real time: signatures know no other.</param>
    public static AwsFault? Check(SandboxRequest request, SignatureScope scope, string secret, DateTimeOffset now)
    {
        var stamp = request.Header("X-Amz-Date") ?? "";
        if (
            !DateTimeOffset.TryParseExact(
                stamp,
                "yyyyMMdd'T'HHmmss'Z'",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var signed
            )
            || (now - signed).Duration() > Skew
            || !stamp.StartsWith(scope.Date, StringComparison.Ordinal)
        )
            return new AwsFault("SignatureDoesNotMatch", $"Signature expired or not yet current: {stamp}", 403);
        var payload = Hex(Sha256(request.Body));
        if (
            request.Header("X-Amz-Content-SHA256") is { } declared
            && declared != payload
            && declared != "UNSIGNED-PAYLOAD"
        )
            return new AwsFault(
                "SignatureDoesNotMatch",
                "The provided X-Amz-Content-SHA256 does not match the body.",
                403
            );
        var names = scope.SignedHeaders.Split(';');
        if (!names.Contains("host"))
            return new AwsFault("SignatureDoesNotMatch", "The host header must be signed.", 403);
        var canonical = string.Join(
            "\n",
            request.Method,
            CanonicalPath(request.Path),
            CanonicalQuery(request.Query),
            string.Concat(names.Select(name => $"{name}:{Value(request, name)}\n")),
            scope.SignedHeaders,
            payload
        );
        var toSign =
            $"AWS4-HMAC-SHA256\n{stamp}\n{scope.Date}/{scope.Region}/{scope.Service}/aws4_request\n{Hex(Sha256(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Hmac(
            Hmac(Hmac(Hmac(Encoding.UTF8.GetBytes("AWS4" + secret), scope.Date), scope.Region), scope.Service),
            "aws4_request"
        );
        return Hex(Hmac(key, toSign)) == scope.Signature
            ? null
            : new AwsFault(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
                403
            );
    }

    private static string Value(SandboxRequest request, string name) =>
        string.Join(
            ",",
            request
                .Headers.Where(h => string.Equals(h.Key, name, StringComparison.OrdinalIgnoreCase))
                .Select(h => System.Text.RegularExpressions.Regex.Replace(h.Value.Trim(), " +", " "))
        );

    /// <summary>Every service but S3 encodes the path once more.</summary>
    private static string CanonicalPath(string path) =>
        path.Length == 0 ? "/" : string.Join("/", path.Split('/').Select(Uri.EscapeDataString));

    private static string CanonicalQuery(string query) =>
        string.Join(
            "&",
            query
                .Split(['&'], StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Split(['='], 2))
                .Select(p => (Name: Encode(p[0]), Value: Encode(p.Length > 1 ? p[1] : "")))
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .ThenBy(p => p.Value, StringComparer.Ordinal)
                .Select(p => $"{p.Name}={p.Value}")
        );

    private static string Encode(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));

    private static byte[] Sha256(byte[] data)
    {
        using var hash = SHA256.Create();
        return hash.ComputeHash(data);
    }

    private static byte[] Hmac(byte[] key, string text)
    {
        using var hmac = new HMACSHA256(key);
        return hmac.ComputeHash(Encoding.UTF8.GetBytes(text));
    }

    private static string Hex(byte[] bytes) =>
        string.Concat(bytes.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
