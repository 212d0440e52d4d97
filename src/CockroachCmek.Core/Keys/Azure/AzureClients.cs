using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using CockroachCmek.Core.Keys.Azure.Logs;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The clients of one connection and tenant. They live as long as the session, because they hold its tokens: the Azure
/// CLI takes a second to return one, and three services need one each.
/// </summary>
internal sealed class AzureClients : IDisposable
{
    private readonly AzureConnection _connection;
    private readonly HttpPipelineTransport? _transport;
    private readonly ConcurrentDictionary<string, AzureClients> _tenants = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, IKeyVaultKeys> _keyVaults = new(StringComparer.OrdinalIgnoreCase);
    private volatile string? _ownTenantId;

    private AzureClients(AzureConnection connection, HttpPipelineTransport? transport, TokenCredential? credential)
    {
        _connection = connection;
        _transport = transport;
        Cloud = AzureCloud.Of(connection.Environment);
        Credential = credential ?? new AzureCredentials(connection, Cloud, transport).Create();
        var arm = CreateRest(AzureService.ResourceManager, Scope(Cloud.Arm));
        Arm = new AzureArm(Cloud.Arm, arm);
        Graph = new MicrosoftGraph(Cloud.Graph, CreateRest(AzureService.Graph, Scope(Cloud.Graph)));
        Monitor = new AzureMonitor(Cloud, arm, CreateRest(AzureService.Logs, $"{Cloud.LogsAudience}/.default"));
    }

    public AzureCloud Cloud { get; }

    public TokenCredential Credential { get; }

    public IAzureArm Arm { get; }

    public IMicrosoftGraph Graph { get; }

    public IAzureMonitor Monitor { get; }

    /// <summary>The session's subscription; null for all that the credentials can see.</summary>
    public string? SubscriptionId => _connection.SubscriptionId;

    /// <summary>The session's Key Vaults of new keys.</summary>
    public IReadOnlyList<string> KeyVaultNames => _connection.KeyVaultNames;

    /// <summary>The tenant of the credentials; null until <see cref="ReadTenantIdAsync"/> has run.</summary>
    public string? KnownTenantId => _ownTenantId;

    public static AzureClients Create(AzureConnection connection) =>
        new(connection, AzureTransport.Create(connection), null);

    /// <summary>The clients for another tenant, with the same credentials, which may be guests there.</summary>
    public AzureClients In(string? tenantId) =>
        tenantId is null || Is(tenantId, _connection.TenantId ?? _ownTenantId)
            ? this
            : _tenants.GetOrAdd(tenantId, id => new AzureClients(
                _connection with
                {
                    TenantId = id,
                },
                _transport,
                Credential
            ));

    /// <summary>The keys of a Key Vault.</summary>
    public IKeyVaultKeys Keys(Uri keyVault) => _keyVaults.GetOrAdd(keyVault.Host, _ =>
        {
            var policy = new KeyVaultChallengePolicy(Credential, keyVault, ReadTenantIdAsync);
            return new KeyVaultKeys(keyVault, new AzureRest(AzureService.KeyVault, BuildPipeline(policy)));
        });

    /// <summary>
    /// The tenant of the credentials, from the claims of the token for Resource Manager. Entra advises against reading
    /// tokens, but offers no other way to learn one's own tenant.
    /// </summary>
    /// <exception cref="CmekException">TenantDiffers, TenantUnknown.</exception>
    public async Task<string> ReadTenantIdAsync(CancellationToken cancellationToken)
    {
        if (_ownTenantId is { } known)
            return known;
        var tenantId = ClaimOf(await ReadArmTokenAsync(cancellationToken), "tid")
            ?? _connection.TenantId
            ?? throw AzureErrors.TenantUnknown();
        if (_connection.TenantId is { } wanted && !Is(wanted, tenantId))
            throw AzureErrors.TenantDiffers(wanted, tenantId);
        return _ownTenantId = tenantId;
    }

    /// <summary>Tenant and object id of the credentials; null when the token does not tell.</summary>
    public async Task<string?> ReadCallerAsync(CancellationToken cancellationToken)
    {
        var token = await ReadArmTokenAsync(cancellationToken);
        return (ClaimOf(token, "tid"), ClaimOf(token, "oid")) switch
        {
            (null, null) => null,
            (var tenant, null) => $"tenant {tenant}",
            var (tenant, id) => $"object {id} in tenant {tenant}",
        };
    }

    public void Dispose() => (_transport as IDisposable)?.Dispose();

    private async Task<string> ReadArmTokenAsync(CancellationToken cancellationToken) =>
        (
            await Credential.GetTokenAsync(
                new TokenRequestContext([Scope(Cloud.Arm)], tenantId: _connection.TenantId),
                cancellationToken
            )
        ).Token;

    private AzureRest CreateRest(AzureService service, string scope) =>
        new(service, BuildPipeline(new TenantTokenPolicy(Credential, [scope], _connection.TenantId)));

    private HttpPipeline BuildPipeline(HttpPipelinePolicy authentication) =>
        HttpPipelineBuilder.Build(AzureTransport.Configure(new Options(), _transport), authentication);

    private static string Scope(Uri host) => $"https://{host.Host}/.default";

    /// <summary>A claim of a token; null when the token is not a JWT that can be read, or has no such claim.</summary>
    private static string? ClaimOf(string token, string name)
    {
        if (token.Split('.') is not [_, var claims, ..])
            return null;
        try
        {
            var text = claims.Replace('-', '+').Replace('_', '/');
            var json = Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
            return (string?)JsonNode.Parse(json)?[name];
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            return null;
        }
    }

    private static bool Is(string one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private sealed class Options : ClientOptions;

    /// <summary>The SDK's policy with a tenant: without one, guests get tokens of their home tenant.</summary>
    private sealed class TenantTokenPolicy(TokenCredential credential, string[] scopes, string? tenantId)
        : BearerTokenAuthenticationPolicy(credential, Array.Empty<string>())
    {
        private const string Renewed = "CockroachCmek.Renewed";

        protected override ValueTask AuthorizeRequestAsync(HttpMessage message) =>
            AuthenticateAndAuthorizeRequestAsync(
                message,
                new TokenRequestContext(scopes, message.Request.ClientRequestId, tenantId: tenantId)
            );

        /// <summary>The SDK renews a token only for a refusal with a challenge; here every refusal counts.</summary>
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await base.ProcessAsync(message, pipeline);
            if (
                message.Response.Status == 401
                && !message.TryGetProperty(Renewed, out _)
                && await AuthorizeRequestOnChallengeAsync(message)
            )
                await ProcessNextAsync(message, pipeline);
        }

        /// <summary>
        /// A token can be revoked before it expires, so one is fetched past all caches. The refused request was not
        /// processed, so that even a write is sent again.
        /// </summary>
        protected override async ValueTask<bool> AuthorizeRequestOnChallengeAsync(HttpMessage message)
        {
            message.SetProperty(Renewed, true);
            try
            {
                await AuthenticateAndAuthorizeRequestAsync(
                    message,
                    new TokenRequestContext(scopes, message.Request.ClientRequestId, FreshToken.Claims(), tenantId)
                );
                return true;
            }
            catch (AuthenticationFailedException)
            {
                return false; // the service's own refusal is reported
            }
        }
    }
}
