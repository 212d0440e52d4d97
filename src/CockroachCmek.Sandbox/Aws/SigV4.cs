using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What the Authorization header says: who signed, and for which region and service.</summary>
internal sealed record SignatureScope(
    string AccessKeyId,
    string Date,
    string Region,
    string Service,
    string SignedHeaders,
    string Signature
)
{
    /// <summary>Parses an Authorization header; null when it is not an AWS4-HMAC-SHA256 one.</summary>
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

/// <summary>
/// Checks AWS Signature Version 4 over the whole request, including the body. Source: the signing process in the IAM
/// User Guide.
/// </summary>
internal static class SigV4
{
    public const string Mismatch =
        "The request signature we calculated does not match the signature you provided. "
        + "Check your AWS Secret Access Key and signing method.";

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    /// <summary>Null when the signature is right; otherwise AWS's error.</summary>
    /// <param name="now">Real time, because clients sign with their own clock.</param>
    public static AwsException? Check(SandboxRequest request, SignatureScope scope, string secret, DateTimeOffset now)
    {
        var stamp = request.Header("X-Amz-Date") ?? "";
        if (!IsCurrent(stamp, now) || !stamp.StartsWith(scope.Date, StringComparison.Ordinal))
            return Refusal($"Signature expired or not yet current: {stamp}");
        var payload = Hex(Sha256(request.Body));
        if (
            request.Header("X-Amz-Content-SHA256") is { } declared
            && declared != payload
            && declared != "UNSIGNED-PAYLOAD"
        )
            return Refusal("The provided X-Amz-Content-SHA256 does not match the body.");
        var names = scope.SignedHeaders.Split(';');
        if (!names.Contains("host"))
            return Refusal("The host header must be signed.");
        var canonical = string.Join(
            "\n",
            request.Method,
            CanonicalPath(request.Path),
            CanonicalQuery(request.Query),
            string.Concat(names.Select(name => $"{name}:{Value(request, name)}\n")),
            scope.SignedHeaders,
            payload
        );
        var toSign = string.Join(
            "\n",
            "AWS4-HMAC-SHA256",
            stamp,
            $"{scope.Date}/{scope.Region}/{scope.Service}/aws4_request",
            Hex(Sha256(Encoding.UTF8.GetBytes(canonical)))
        );
        return Hex(Hmac(SigningKey(scope, secret), toSign)) == scope.Signature ? null : Refusal(Mismatch);
    }

    private static bool IsCurrent(string stamp, DateTimeOffset now) =>
        DateTimeOffset.TryParseExact(
            stamp,
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var signed
        )
        && (now - signed).Duration() <= Skew;

    private static AwsException Refusal(string message) => new("SignatureDoesNotMatch", message, 403);

    private static byte[] SigningKey(SignatureScope scope, string secret)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in new[] { scope.Date, scope.Region, scope.Service, "aws4_request" })
            key = Hmac(key, part);
        return key;
    }

    private static string Value(SandboxRequest request, string name) =>
        string.Join(
            ",",
            request
                .Headers.Where(h => string.Equals(h.Key, name, StringComparison.OrdinalIgnoreCase))
                .Select(h => System.Text.RegularExpressions.Regex.Replace(h.Value.Trim(), " +", " "))
        );

    /// <summary>Every service except S3 encodes the path a second time.</summary>
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
