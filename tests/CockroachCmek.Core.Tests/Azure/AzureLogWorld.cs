using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>
/// The cluster azure-in with a key that it uses, in a sandbox whose clock is advanced, and the readers of its logs.
/// </summary>
internal sealed class AzureLogWorld : IAsyncDisposable
{
    // Time is advanced, and otherwise passes as usual: what is read depends on it.
    private readonly AzureWorld _azure = new(scale: 1);
    private readonly FleetCluster _fleet;

    public AzureLogWorld()
    {
        _fleet = _azure.Server.Cloud.Clusters.Single(c => c.Name == "azure-in");
        KeyUri = Sandbox.SeedKey("azure-in", _fleet.Id).Uri;
    }

    public AzureWorld Azure => _azure;

    public AzureSandbox Sandbox => _azure.Azure;

    public string KeyUri { get; }

    public string KeyVaultId => _azure.KeyVaultId(Sandbox.VaultName);

    public string SettingId => $"{KeyVaultId}/providers/Microsoft.Insights/diagnosticSettings/audit";

    public DateTimeOffset Now => _azure.Server.Clock.UtcNow;

    public CmekRegionSpec Key => CmekRegionSpec.Create("centralindia", "AZURE_KEY_VAULT", KeyUri, Sandbox.TenantId);

    public void Advance(TimeSpan time) => _azure.Server.Clock.Advance(time);

    /// <summary>A node starts, some time ago or now.</summary>
    public bool Use(TimeSpan ago = default)
    {
        var request = new KeyUseRequest(KeyUri, Sandbox.TenantId, "o", _fleet.Id, "a", "centralindia")
        {
            At = Now - ago,
        };
        return new AzureKeyUser(Sandbox).Wrap(request, [1, 2]).Succeeded;
    }

    /// <summary>Lets what has been logged arrive.</summary>
    public void Arrive() => Advance(Sandbox.LogDelay + TimeSpan.FromMinutes(1));

    /// <summary>What the logs show of the last days.</summary>
    public async Task<KeyUsage> UsageAsync(int days = 7, ICmekKeyProvider? provider = null) =>
        await (provider ?? _azure.Provider).ReadUsageAsync(
            new KeyUsageRequest
            {
                Cluster = await _azure.ClusterAsync("azure-in"),
                Key = Key,
                Since = Now.AddDays(-days),
            },
            _azure.Context
        );

    public async Task<KeyEvents> EventsAsync(int days = 7, ICmekKeyProvider? provider = null) =>
        await (provider ?? _azure.Provider).ReadEventsAsync(
            new KeyEventsRequest
            {
                Cluster = await _azure.ClusterAsync("azure-in"),
                Keys = [Key],
                Since = Now.AddDays(-days),
            },
            _azure.Context
        );

    /// <summary>A diagnostic setting, made by an administrator.</summary>
    public Task SetAsync(string properties, string name = "audit") =>
        _azure.ArmAsync(
            "PUT",
            $"{KeyVaultId}/providers/Microsoft.Insights/diagnosticSettings/{name}",
            "2021-05-01-preview",
            "{\"properties\":{" + properties + "}}"
        );

    /// <summary>The provider of somebody who has these roles and no more.</summary>
    public ICmekKeyProvider With(params (string Role, string Scope)[] roles)
    {
        var principal = Sandbox.AddPrincipal("auditor", AzureRights.None);
        foreach (var (role, scope) in roles)
            Sandbox.Assign(principal, role, scope);
        return _azure.Connect(
            _azure.Connection with
            {
                SubscriptionId = Sandbox.SubscriptionId,
                ClientId = principal.ClientId,
                ClientSecret = new CockroachCmek.Core.Http.Secret(principal.Secret),
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        _azure.Conforms(atLeast: 1);
        await _azure.DisposeAsync();
    }
}
