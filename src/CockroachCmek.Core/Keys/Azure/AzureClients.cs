using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Core.Pipeline;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The clients for one connection and tenant. They live as long as the connection does, because they hold its tokens: asking the Azure CLI for
/// one takes a second, and three services want one each.
/// </summary>
internal sealed class AzureClients : IDisposable
{
    private readonly AzureConnection _connection;
    private readonly HttpPipelineTransport? _transport;
    private readonly ConcurrentDictionary<string, AzureClients> _tenants = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, IKeyVaultKeys> _vaults = new(StringComparer.OrdinalIgnoreCase);
    private volatile Caller? _caller;

    private AzureClients(AzureConnection connection, HttpPipelineTransport? transport, TokenCredential? credential)
    {
        _connection = connection;
        _transport = transport;
        Cloud = AzureCloud.Of(connection.Environment);
        Credential = credential ?? new AzureCredentials(connection, Cloud, transport).Create();
        Arm = new AzureArm(Cloud.Arm, Service(AzureService.ResourceManager, Cloud.Arm));
        Graph = new MicrosoftGraph(Cloud.Graph, Service(AzureService.Graph, Cloud.Graph));
    }

    public AzureCloud Cloud { get; }

    public TokenCredential Credential { get; }

    public IAzureArm Arm { get; }

    public IMicrosoftGraph Graph { get; }

    /// <summary>The subscription that was named for the session; null for all.</summary>
    public string? SubscriptionId => _connection.SubscriptionId;

    /// <summary>Who the credentials are, once that was asked.</summary>
    public Caller? KnownCaller => _caller;

    public static AzureClients Create(AzureConnection connection) =>
        new(connection, AzureTransport.Create(connection), null);

    /// <summary>The same credentials in another tenant, where they may be guests.</summary>
    public AzureClients In(string? tenantId) =>
        tenantId is null
        || string.Equals(tenantId, _connection.TenantId ?? _caller?.TenantId, StringComparison.OrdinalIgnoreCase)
            ? this
            : _tenants.GetOrAdd(tenantId, t => new AzureClients(
                _connection with
                {
                    TenantId = t,
                },
                _transport,
                Credential
            ));

    /// <summary>The keys of a vault.</summary>
    public IKeyVaultKeys Keys(Uri vault) =>
        _vaults.GetOrAdd(vault.Host, _ => new KeyVaultKeys(
            vault,
            new AzureRest(
                AzureService.KeyVault,
                Build(new KeyVaultChallengePolicy(Credential, vault, async c => (await CallerAsync(c)).TenantId))
            )
        ));

    /// <summary>Who the credentials are: the claims of the token for ARM. Tokens are not ours to read, says Entra; there is no other way to learn one's own tenant.</summary>
    /// <exception cref="CmekException">TenantDiffers, TenantUnknown.</exception>
    public async Task<Caller> CallerAsync(CancellationToken cancellationToken)
    {
        if (_caller is { } known)
            return known;
        var token = await Credential.GetTokenAsync(
            new TokenRequestContext([Scope(Cloud.Arm)], tenantId: _connection.TenantId),
            cancellationToken
        );
        var caller = Claims(token.Token, _connection.TenantId);
        if (
            _connection.TenantId is { } wanted
            && !string.Equals(wanted, caller.TenantId, StringComparison.OrdinalIgnoreCase)
        )
            throw AzureErrors.TenantDiffers(wanted, caller.TenantId);
        return _caller = caller;
    }

    public void Dispose() => (_transport as IDisposable)?.Dispose();

    private AzureRest Service(AzureService service, Uri host) =>
        new(service, Build(new InTenantPolicy(Credential, [Scope(host)], _connection.TenantId)));

    private HttpPipeline Build(HttpPipelinePolicy authentication) =>
        HttpPipelineBuilder.Build(AzureTransport.Configure(new Options(), _transport), authentication);

    private static string Scope(Uri host) => $"https://{host.Host}/.default";

    private static Caller Claims(string token, string? tenantId)
    {
        JsonNode? claims = null;
        if (token.Split('.') is [_, var part, ..])
        {
            try
            {
                var text = part.Replace('-', '+').Replace('_', '/');
                claims = JsonNode.Parse(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
            }
            catch (Exception fault) when (fault is JsonException or FormatException)
            {
                // A token of another kind: then only what was given is known.
            }
        }

        return new Caller(
            (string?)claims?["tid"] ?? tenantId ?? throw AzureErrors.TenantUnknown(),
            (string?)claims?["oid"]
        );
    }

    private sealed class Options : ClientOptions;

    /// <summary>The SDK's own policy, with the tenant that is meant: guests get tokens of their home tenant otherwise.</summary>
    private sealed class InTenantPolicy(TokenCredential credential, string[] scopes, string? tenantId)
        : BearerTokenAuthenticationPolicy(credential, Array.Empty<string>())
    {
        protected override ValueTask AuthorizeRequestAsync(HttpMessage message) =>
            AuthenticateAndAuthorizeRequestAsync(
                message,
                new TokenRequestContext(scopes, message.Request.ClientRequestId, tenantId: tenantId)
            );
    }
}

/// <summary>Whose credentials they are.</summary>
/// <param name="TenantId">The tenant of their tokens.</param>
/// <param name="ObjectId">Their object id there; null when the token does not tell.</param>
internal sealed record Caller(string TenantId, string? ObjectId);
