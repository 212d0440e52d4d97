namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// Changes around a Key Vault, from the activity log: role assignments at and above it, access policies, settings,
/// locks, diagnostic settings.
/// </summary>
internal static class AzureActivityEvents
{
    private const string Authorization = "Microsoft.Authorization/";

    /// <param name="activities">Entries of the subscription, in any order and number.</param>
    /// <param name="keyVaultId">The Key Vault.</param>
    /// <param name="keys">The keys. Events of the Key Vault are reported for the first one.</param>
    public static IEnumerable<KeyEvent> From(
        IEnumerable<AzureActivity> activities,
        string keyVaultId,
        AzureEventKeys keys
    ) =>
        activities
            // The begin of a write is an entry of its own.
            .Where(a =>
                (a.HasSucceeded || a.HasFailed) && Concerns(a, keyVaultId) && KeyUriOf(a, keyVaultId, keys) is not null
            )
            .GroupBy(a => (a.CorrelationId, a.Operation.ToUpperInvariant(), a.HasFailed, a.ResourceId))
            .Select(g => g.First())
            .Select(a => new KeyEvent
            {
                Time = a.EventTimestamp,
                KeyUri = KeyUriOf(a, keyVaultId, keys)!,
                Action = ActionOf(a.Operation),
                Who = a.Caller ?? "",
                Source = "Activity log",
                Detail = $"{a.Operation} on {Place(a)}",
                RequestId = a.CorrelationId ?? "",
                Error = a.HasFailed
                    ? a.SubStatus?.Value is { Length: > 0 } code
                        ? code
                        : "Failed"
                    : "",
            });

    /// <summary>The Key Vault itself, what is below it, and roles and locks above it.</summary>
    private static bool Concerns(AzureActivity activity, string keyVaultId)
    {
        var resource = activity.ResourceId ?? "";
        if (AzureScope.IsWithin(resource, keyVaultId))
            return true;
        return Is(activity.Operation, Authorization)
            && AzureScope.IsAuthorization(resource)
            && AzureScope.IsWithin(keyVaultId, AzureScope.Of(resource));
    }

    /// <summary>The key that a write concerns; null for another key of the same Key Vault.</summary>
    private static string? KeyUriOf(AzureActivity activity, string keyVaultId, AzureEventKeys keys)
    {
        var start = $"{keyVaultId}/keys/";
        var resource = activity.ResourceId ?? "";
        return keys.UriOf(
            Is(resource, start) ? resource.Substring(start.Length).Split('/')[0] : keys.Names[0].Name,
            version: null
        );
    }

    private static KeyEventAction ActionOf(string operation) =>
        Is(operation, Authorization + "roleAssignments/") || Is(operation, "Microsoft.KeyVault/vaults/accessPolicies/")
            ? KeyEventAction.PolicyChanged
        : AzureScope.Same(operation, "Microsoft.KeyVault/vaults/delete") ? KeyEventAction.DeletionScheduled
        : KeyEventAction.PropertiesChanged;

    private static string Place(AzureActivity activity)
    {
        var resource = activity.ResourceId ?? "";
        return AzureScope.IsAuthorization(resource) ? AzureScope.Describe(AzureScope.Of(resource)) : Describe(resource);
    }

    private static string Describe(string resource) =>
        resource.Split('/') is { Length: > 9 } parts && Is(parts[6], "Microsoft.KeyVault")
            ? $"Key Vault {parts[8]}"
            : AzureScope.Describe(resource);

    private static bool Is(string text, string start) => text.StartsWith(start, StringComparison.OrdinalIgnoreCase);
}
