using System.Globalization;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Creates tokens and finds the token of a request.</summary>
internal sealed class VaultTokens(SandboxClock clock, VaultData data)
{
    /// <summary>Creates a random token that does not look like a real one, so that secret scanners ignore it.</summary>
    public string Create(string inNamespace, bool isRoot, IReadOnlyList<VaultRule> rules, TimeSpan? ttl)
    {
        var random = KmsMaterial.RandomBytes(16).Select(b => b.ToString("x2", CultureInfo.InvariantCulture));
        var id = (isRoot ? "sandbox-root-" : "sandbox-token-") + string.Concat(random);
        data.Tokens[id] = new VaultToken(id, inNamespace, isRoot, rules, clock.UtcNow, ttl);
        return id;
    }

    /// <exception cref="VaultException">403: there is no token, or it is unknown or expired.</exception>
    public VaultToken Authenticate(SandboxRequest request)
    {
        const string Bearer = "Bearer ";
        var id = request.Header("X-Vault-Token");
        if (
            id is null
            && request.Header("Authorization") is { } authorization
            && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
        )
            id = authorization.Substring(Bearer.Length);
        if (string.IsNullOrEmpty(id))
            throw new VaultException(403, "permission denied");
        return data.Tokens.TryGetValue(id!, out var token) && token.IsAlive(clock.UtcNow)
            ? token
            : throw VaultException.BadToken();
    }
}
