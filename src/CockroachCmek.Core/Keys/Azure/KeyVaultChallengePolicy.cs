using System.Text.RegularExpressions;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Key Vault names the tenant and the resource of the tokens it accepts: the first request is sent without token and
/// body, and the challenge in the response names both. The resource must fit the Key Vault's own host; otherwise a
/// server at a wrong address could collect a token that is valid elsewhere.
/// </summary>
internal sealed class KeyVaultChallengePolicy(
    TokenCredential credential,
    Uri keyVault,
    Func<CancellationToken, Task<string>> readTenantId
) : BearerTokenAuthenticationPolicy(credential, Array.Empty<string>())
{
    private const string WithheldContent = "CockroachCmek.WithheldContent";

    private static readonly Regex Parameter = new(
        @"(?<name>authorization|authorization_uri|resource|scope)=""(?<value>[^""]*)""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    );

    private const string WithToken = "CockroachCmek.WithToken";

    private const string Renewed = "CockroachCmek.Renewed";

    private volatile Challenge? _known;

    protected override async ValueTask AuthorizeRequestAsync(HttpMessage message)
    {
        if (_known is { } challenge)
        {
            message.SetProperty(WithToken, challenge);
            await AuthenticateAndAuthorizeRequestAsync(message, challenge.Context(message));
            return;
        }

        if (message.Request.Content is not { } content)
            return;
        message.SetProperty(WithheldContent, content);
        message.Request.Content = null;
    }

    /// <summary>
    /// The SDK passes a refusal on only when it has a challenge. A token that was refused counts without one, too.
    /// </summary>
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await base.ProcessAsync(message, pipeline);
        if (message.Response.Status == 401 && await RenewAsync(message))
            await ProcessNextAsync(message, pipeline);
    }

    protected override async ValueTask<bool> AuthorizeRequestOnChallengeAsync(HttpMessage message)
    {
        if (message.TryGetProperty(WithToken, out _))
            return false; // the challenge is known; ProcessAsync renews the token
        if (message.TryGetProperty(WithheldContent, out var content) && content is RequestContent withheld)
            message.Request.Content = withheld;
        if (Read(message) is not { } challenge)
            return false;
        await AdmitAsync(challenge, message.CancellationToken);
        await AuthenticateAndAuthorizeRequestAsync(message, challenge.Context(message));
        return true;
    }

    /// <summary>
    /// Gets a token past all caches, once, after one for the known challenge was refused: it can be revoked before it
    /// expires. The refused request was not processed, so that even a write is sent again. A Key Vault that has moved
    /// to another tenant says so in its challenge.
    /// </summary>
    private async ValueTask<bool> RenewAsync(HttpMessage message)
    {
        if (!message.TryGetProperty(WithToken, out var sent) || message.TryGetProperty(Renewed, out _))
            return false;
        message.SetProperty(Renewed, true);
        if (Read(message) is { } now && now != (Challenge)sent!)
            await AdmitAsync(now, message.CancellationToken);
        try
        {
            await AuthenticateAndAuthorizeRequestAsync(
                message,
                (_known ?? (Challenge)sent!).Context(message, renew: true)
            );
            return true;
        }
        catch (AuthenticationFailedException)
        {
            return false; // the Key Vault's own refusal is reported
        }
    }

    private async Task AdmitAsync(Challenge challenge, CancellationToken cancellation)
    {
        var tenant = await readTenantId(cancellation);
        if (!string.Equals(challenge.TenantId, tenant, StringComparison.OrdinalIgnoreCase))
            throw AzureErrors.KeyVaultInOtherTenant(keyVault.Host, challenge.TenantId, tenant);
        _known = challenge;
    }

    /// <summary>
    /// The challenge in a response; null when there is none. Headers without parameters, which some servers add, are
    /// skipped.
    /// </summary>
    public static Challenge? Read(IEnumerable<string> headers)
    {
        foreach (var header in headers)
        {
            var values = Parameter
                .Matches(header)
                .Cast<Match>()
                .GroupBy(m => m.Groups["name"].Value.ToLowerInvariant())
                .ToDictionary(g => g.Key, g => g.First().Groups["value"].Value);
            var authority =
                values.TryGetValue("authorization", out var found) || values.TryGetValue("authorization_uri", out found)
                    ? found
                    : null;
            var resource =
                values.TryGetValue("resource", out found) ? found.TrimEnd('/') + "/.default"
                : values.TryGetValue("scope", out found) ? found
                : null;
            if (
                authority is not null
                && resource is not null
                && Uri.TryCreate(authority, UriKind.Absolute, out var login)
                && login.Segments.Length > 1
                && Uri.TryCreate(resource, UriKind.Absolute, out var audience)
            )
                return new Challenge(login.Segments[1].Trim('/'), audience);
        }

        return null;
    }

    private Challenge? Read(HttpMessage message)
    {
        if (
            !message.Response.Headers.TryGetValues("WWW-Authenticate", out var headers)
            || Read(headers) is not { } challenge
        )
            return null;
        return
            message.Request.Uri.Host is { } host
            && host.EndsWith("." + challenge.Audience.Host, StringComparison.OrdinalIgnoreCase)
            ? challenge
            : throw AzureErrors.KeyVaultHostSuspect(keyVault.Host, challenge.Audience.Host);
    }

    public sealed record Challenge(string TenantId, Uri Audience)
    {
        /// <param name="renew">True for a token that no cache holds.</param>
        public TokenRequestContext Context(HttpMessage message, bool renew = false) =>
            new(
                [Audience.ToString()],
                message.Request.ClientRequestId,
                renew ? FreshToken.Claims() : null,
                tenantId: TenantId
            );
    }
}
