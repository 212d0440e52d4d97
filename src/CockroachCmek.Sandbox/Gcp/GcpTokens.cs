using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Access tokens, and the OAuth endpoint that issues one for a signed assertion (RFC 7523).</summary>
internal sealed class GcpTokens(TimeProvider real, GcpData data, GcpAccounts accounts)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>Issues a random token that does not look like a real one, so that secret scanners ignore it.</summary>
    public string Issue(GcpPrincipal principal, DateTimeOffset? expires = null)
    {
        var token =
            "sandbox-"
            + string.Concat(KmsMaterial.RandomBytes(20).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
        data.Tokens[token] = (principal, expires ?? DateTimeOffset.MaxValue);
        return token;
    }

    /// <exception cref="GcpException">
    /// UNAUTHENTICATED: no token, an unknown or expired one, or one of a deleted or disabled account.
    /// </exception>
    public GcpPrincipal Authenticate(SandboxRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Header("Authorization") ?? "";
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Refusal(
                "CREDENTIALS_MISSING",
                "The request is missing the required authentication credential: an OAuth 2 access token."
            );
        if (Find(header.Substring(Scheme.Length).Trim()) is not { } principal)
            throw Refusal(
                "ACCESS_TOKEN_EXPIRED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
                    + "valid authentication credential."
            );
        // Status and reason are what clients look for (reference: not recorded).
        if (principal.UniqueId is { } id && accounts.FindAny(id) is null or { Deleted: not null } or { Disabled: true })
            throw Refusal("ACCOUNT_STATE_INVALID", "The account is deleted or disabled.");
        return principal;
    }

    /// <summary>
    /// generateAccessToken of the IAM Credentials API: a token of another account, for an hour at most.
    /// </summary>
    public JsonObject Generate(ServiceAccount account, JsonObject body)
    {
        GcpJson.AllowFields(body, "", "delegates", "scope", "lifetime");
        if (GcpJson.Texts(body, "scope").Length == 0)
            throw GcpException.Invalid("At least one scope is required.");
        var lifetime = GcpTime.Duration(body, "lifetime") ?? Lifetime;
        if (lifetime > Lifetime || lifetime <= TimeSpan.Zero)
            throw GcpException.Invalid("The lifetime is not within one hour.");
        var expires = real.GetUtcNow() + lifetime;
        return new JsonObject
        {
            ["accessToken"] = Issue(GcpPrincipal.Of(account), expires),
            ["expireTime"] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
    }

    private GcpPrincipal? Find(string token) =>
        data.Tokens.TryGetValue(token, out var entry) && entry.Expires >= real.GetUtcNow() ? entry.Principal : null;

    /// <summary>POST /token with the JWT bearer grant, as a service account's key file is used.</summary>
    public SandboxResponse Exchange(SandboxRequest request)
    {
        try
        {
            var form = GcpCall
                .Pairs(Encoding.UTF8.GetString(GcpCall.BodyBytes(request)))
                .GroupBy(p => p.Key)
                .ToDictionary(g => g.Key, g => g.Last().Value);
            form.TryGetValue("grant_type", out var grant);
            if (grant == "urn:ietf:params:oauth:grant-type:token-exchange")
                return Federate(form);
            if (grant != "urn:ietf:params:oauth:grant-type:jwt-bearer")
                return OAuthError("unsupported_grant_type", $"Invalid grant_type: {grant}");
            var account = form.TryGetValue("assertion", out var assertion) ? Signer(assertion, real.GetUtcNow()) : null;
            if (account is null)
                return OAuthError("invalid_grant", "Invalid JWT Signature.");
            if (account.Disabled)
                return OAuthError("invalid_grant", "Account disabled.");
            var token = Issue(GcpPrincipal.Of(account), real.GetUtcNow() + Lifetime);
            return Json(
                200,
                new JsonObject
                {
                    ["access_token"] = token,
                    ["expires_in"] = (int)Lifetime.TotalSeconds,
                    ["token_type"] = "Bearer",
                }
            );
        }
        catch (Exception error)
            when (error
                    is FormatException
                        or ArgumentException
                        or JsonException
                        or GcpException
                        or KeyNotFoundException
                        or InvalidOperationException
            )
        {
            return OAuthError("invalid_grant", "Invalid JWT: " + error.Message);
        }
    }

    /// <summary>
    /// RFC 8693, as clients with an external_account file do. The subject token is an access token of the sandbox.
    /// </summary>
    private SandboxResponse Federate(Dictionary<string, string> form) =>
        form.TryGetValue("subject_token", out var subject) && Find(subject) is { } principal
            ? Json(
                200,
                new JsonObject
                {
                    ["access_token"] = Issue(principal, real.GetUtcNow() + Lifetime),
                    ["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
                    ["expires_in"] = (int)Lifetime.TotalSeconds,
                    ["token_type"] = "Bearer",
                }
            )
            : OAuthError("invalid_grant", "The subject token is not valid.");

    /// <summary>
    /// The account that signed the assertion; null if the signature or the times are wrong. Clients use real time.
    /// </summary>
    private ServiceAccount? Signer(string assertion, DateTimeOffset now)
    {
        if (assertion.Split('.') is not [var head, var body, var signature])
            return null;
        using var header = JsonDocument.Parse(Decode(head));
        using var claims = JsonDocument.Parse(Decode(body));
        if (
            header.RootElement.GetProperty("alg").GetString() != "RS256"
            || accounts.Find(claims.RootElement.GetProperty("iss").GetString() ?? "") is not { } account
        )
            return null;
        var (issued, expires) = (
            DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("iat").GetInt64()),
            DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("exp").GetInt64())
        );
        if (issued > now + Skew || expires < now - Skew || expires - issued > Lifetime + Skew)
            return null;
        var signed = Encoding.ASCII.GetBytes($"{head}.{body}");
        return account.Keys.Any(key => Verifies(key, signed, Decode(signature))) ? account : null;
    }

    private static bool Verifies(ServiceAccountKey key, byte[] signed, byte[] signature)
    {
        using var rsa = RsaKeys.Open(key.Public);
        return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static byte[] Decode(string text) =>
        Convert.FromBase64String(
            text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - (text.Length % 4)) % 4)
        );

    private static GcpException Refusal(string reason, string message) =>
        new("UNAUTHENTICATED", message, GcpException.ErrorInfo(reason, "googleapis.com"));

    private static SandboxResponse OAuthError(string error, string description) =>
        Json(400, new JsonObject { ["error"] = error, ["error_description"] = description });

    private static SandboxResponse Json(int status, JsonObject body) =>
        new(status, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json; charset=utf-8");
}
