using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What an access-policy vault lets one principal do, by kind of object: keys, secrets, certificates, storage.</summary>
internal sealed record AccessPolicy(
    string TenantId,
    string ObjectId,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Permissions
)
{
    public bool Allows(string permission) =>
        Permissions.TryGetValue("keys", out var keys)
        && keys.Any(k => AzureDirectory.Same(k, permission) || AzureDirectory.Same(k, "all"));
}

/// <summary>What can be changed of a vault; replaced as a whole, so that a vault can go by what it was a while ago.</summary>
internal sealed record VaultSettings
{
    /// <summary>True: roles decide. False or null: access policies do.</summary>
    public bool? RbacAuthorization { get; init; }

    /// <summary>True, or absent: it cannot be taken back.</summary>
    public bool PurgeProtection { get; init; }

    public string Sku { get; init; } = "standard";

    public IReadOnlyList<AccessPolicy> Policies { get; init; } = [];

    /// <summary>The firewall, as it was given.</summary>
    public string? NetworkAcls { get; init; }

    public string PublicNetworkAccess { get; init; } = "Enabled";

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public bool IsWalled =>
        PublicNetworkAccess == "Disabled"
        || (
            NetworkAcls is not null
            && AzureDirectory.Same((JsonNode.Parse(NetworkAcls) as JsonObject).Text("defaultAction"), "Deny")
        );
}

/// <summary>A vault and its keys.</summary>
internal sealed class AzureVault
{
    /// <summary>A new vault's name takes a moment to reach the DNS.</summary>
    private static readonly TimeSpan Registration = TimeSpan.FromSeconds(10);

    private readonly List<(DateTimeOffset At, VaultSettings Settings)> _history = [];

    public AzureVault(
        string tenantId,
        string subscriptionId,
        string group,
        string name,
        string location,
        DateTimeOffset created,
        VaultSettings settings
    )
    {
        TenantId = tenantId;
        SubscriptionId = subscriptionId;
        Group = group;
        Name = name;
        Location = location;
        Created = created;
        // What a vault is made with holds from its first moment.
        _history.Add((DateTimeOffset.MinValue, settings));
    }

    public string TenantId { get; }

    public string SubscriptionId { get; }

    public string Group { get; }

    public string Name { get; }

    public string Location { get; }

    public DateTimeOffset Created { get; }

    /// <summary>Days that deleted keys are kept; fixed when the vault is made.</summary>
    public int RetentionDays { get; init; } = 90;

    public Dictionary<string, VaultKey> Keys { get; } = new(StringComparer.OrdinalIgnoreCase);

    public string Id =>
        $"/subscriptions/{SubscriptionId}/resourceGroups/{Group}/providers/Microsoft.KeyVault/vaults/{Name}";

    public string HostName => $"{Name.ToLowerInvariant()}.vault.azure.net";

    /// <summary>As ARM shows them.</summary>
    public VaultSettings Settings => _history[^1].Settings;

    public void Change(VaultSettings settings, DateTimeOffset now) => _history.Add((now, settings));

    /// <summary>Changes it as if it had always been so.</summary>
    public void Amend(Func<VaultSettings, VaultSettings> change)
    {
        for (var i = 0; i < _history.Count; i++)
            _history[i] = (_history[i].At, change(_history[i].Settings));
    }

    /// <summary>As the data plane goes by: changes reach it after a while.</summary>
    public VaultSettings Effective(DateTimeOffset now, TimeSpan propagation) =>
        _history.Last(h => h.At == DateTimeOffset.MinValue || h.At + propagation <= now).Settings;

    public bool IsRegistered(DateTimeOffset now) => now >= Created + Registration;

    /// <summary>What happens to deleted keys here, in the words of the attribute recoveryLevel.</summary>
    public string RecoveryLevel =>
        (RetentionDays < 90 ? "CustomizedRecoverable" : "Recoverable") + (Settings.PurgeProtection ? "" : "+Purgeable");
}
