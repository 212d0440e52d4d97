using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>A grant on a key.</summary>
internal sealed record KmsGrant(
    KmsKey Key,
    string Id,
    string Token,
    string? Name,
    string Grantee,
    string? GranteeId,
    string? Retiring,
    string? RetiringId,
    IReadOnlyList<string> Operations,
    IReadOnlyDictionary<string, string>? ContextSubset,
    IReadOnlyDictionary<string, string>? ContextEquals,
    DateTimeOffset Created
)
{
    /// <summary>
    /// A grant without its token, and one that was revoked, count within five minutes; the sandbox takes one.
    /// </summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(1);

    /// <summary>When it was revoked or retired; it is listed no more then. Null while it is in force.</summary>
    public DateTimeOffset? Ended { get; init; }

    public bool Allows(Caller caller, string operation, JsonObject? body, DateTimeOffset now) =>
        Operations.Contains(operation)
        && Is(caller, Grantee, GranteeId)
        && (Ended is not { } ended || now - ended < Propagation)
        && (now - Created >= Propagation || Tokens(body).Contains(Token))
        && Fits(body?["EncryptionContext"] as JsonObject ?? []);

    public bool IsRetiredBy(Caller caller) =>
        (Retiring is not null && Is(caller, Retiring, RetiringId))
        || (Operations.Contains("RetireGrant") && Is(caller, Grantee, GranteeId));

    private static bool Is(Caller caller, string principal, string? id) =>
        (principal == caller.PrincipalArn || principal == caller.Arn) && (id is null || id == caller.UniqueId);

    private bool Fits(JsonObject given)
    {
        bool Has(KeyValuePair<string, string> pair) => (string?)given[pair.Key] == pair.Value;
        return (ContextSubset is null || ContextSubset.All(Has))
            && (ContextEquals is null || (ContextEquals.Count == given.Count && ContextEquals.All(Has)));
    }

    private static IEnumerable<string?> Tokens(JsonObject? body) =>
        (body?["GrantTokens"] as JsonArray ?? []).Select(t => (string?)t);
}
