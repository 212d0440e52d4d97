namespace CockroachCmek.Sandbox.Azure;

/// <summary>A key vault and its keys.</summary>
internal sealed class KeyVault
{
    /// <summary>How long a new key vault's name takes to appear in DNS.</summary>
    private static readonly TimeSpan Registration = TimeSpan.FromSeconds(10);

    private readonly List<(DateTimeOffset At, KeyVaultSettings Settings)> _history = [];

    public KeyVault(
        string tenantId,
        string subscriptionId,
        string group,
        string name,
        string location,
        DateTimeOffset created,
        KeyVaultSettings settings
    )
    {
        TenantId = tenantId;
        SubscriptionId = subscriptionId;
        Group = group;
        Name = name;
        Location = location;
        Created = created;
        // The initial settings are in effect at once.
        _history.Add((DateTimeOffset.MinValue, settings));
    }

    public string TenantId { get; }

    public string SubscriptionId { get; }

    public string Group { get; }

    public string Name { get; }

    public string Location { get; }

    public DateTimeOffset Created { get; }

    /// <summary>When it was deleted; null if it is in use.</summary>
    public DateTimeOffset? Deleted { get; set; }

    /// <summary>How many days deleted keys are kept. Fixed at creation.</summary>
    public int RetentionDays { get; init; } = 90;

    public Dictionary<string, KeyVaultKey> Keys { get; } = new(StringComparer.OrdinalIgnoreCase);

    public string Id =>
        $"/subscriptions/{SubscriptionId}/resourceGroups/{Group}/providers/Microsoft.KeyVault/vaults/{Name}";

    public string HostName => $"{Name.ToLowerInvariant()}.vault.azure.net";

    /// <summary>The current settings, as ARM shows them.</summary>
    public KeyVaultSettings Settings => _history[^1].Settings;

    public void Change(KeyVaultSettings settings, DateTimeOffset now) => _history.Add((now, settings));

    /// <summary>Changes the settings as if they had always been so.</summary>
    public void Amend(Func<KeyVaultSettings, KeyVaultSettings> change)
    {
        for (var i = 0; i < _history.Count; i++)
            _history[i] = (_history[i].At, change(_history[i].Settings));
    }

    /// <summary>The settings in effect on the data plane, which a change reaches after a delay.</summary>
    public KeyVaultSettings Effective(DateTimeOffset now, TimeSpan propagation) =>
        _history.Last(h => h.At == DateTimeOffset.MinValue || h.At + propagation <= now).Settings;

    public bool IsRegistered(DateTimeOffset now) => now >= Created + Registration;

    /// <summary>The value of the attribute recoveryLevel.</summary>
    public string RecoveryLevel =>
        (RetentionDays < 90 ? "CustomizedRecoverable" : "Recoverable") + (Settings.PurgeProtection ? "" : "+Purgeable");
}
