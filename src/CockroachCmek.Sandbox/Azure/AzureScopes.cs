namespace CockroachCmek.Sandbox.Azure;

/// <summary>A management group. The one without a parent is the tenant's root.</summary>
internal sealed record ManagementGroup(string Name, string DisplayName, string TenantId, string? Parent)
{
    public string Id => AzureScopes.ManagementGroups + Name;
}

/// <summary>What contains what: management groups, subscriptions, resource groups, key vaults, keys.</summary>
internal sealed class AzureScopes(AzureData data)
{
    public const string ManagementGroups = "/providers/Microsoft.Management/managementGroups/";

    public ManagementGroup? Find(string name) =>
        data.ManagementGroups.FirstOrDefault(g => AzureDirectory.Same(g.Name, name));

    /// <summary>True if the resource is at or below the scope.</summary>
    public bool Covers(string scope, string id) =>
        IsAtOrBelow(id, scope) || Above(id).Any(g => AzureDirectory.Same(g.Id, scope.TrimEnd('/')));

    /// <summary>The tenant that a scope belongs to; null if it does not exist.</summary>
    public string? TenantOf(string scope) =>
        SubscriptionOf(scope) is { } subscription
            ? data.Subscriptions.TryGetValue(subscription, out var tenant)
                ? tenant
                : null
            : ManagementGroupOf(scope)?.TenantId;

    /// <summary>True by the text of the ids alone, so not through management groups.</summary>
    public static bool IsAtOrBelow(string id, string scope) =>
        scope.Trim('/').Length == 0
        || AzureDirectory.Same(id.TrimEnd('/'), scope.TrimEnd('/'))
        || id.StartsWith(scope.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The management groups above a resource, the nearest first.</summary>
    private IEnumerable<ManagementGroup> Above(string id)
    {
        var name =
            SubscriptionOf(id) is { } subscription && data.SubscriptionParents.TryGetValue(subscription, out var parent)
                ? parent
                : ManagementGroupOf(id)?.Name;
        while (name is not null && Find(name) is { } group)
        {
            yield return group;
            name = group.Parent;
        }
    }

    private ManagementGroup? ManagementGroupOf(string id) =>
        id.StartsWith(ManagementGroups, StringComparison.OrdinalIgnoreCase)
            ? Find(id.Substring(ManagementGroups.Length).Split('/')[0])
            : null;

    private static string? SubscriptionOf(string id) =>
        id.Trim('/').Split('/') is { Length: > 1 } path && AzureDirectory.Same(path[0], "subscriptions")
            ? path[1]
            : null;
}
