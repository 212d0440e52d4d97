namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Scopes of role assignments: paths of resources, compared without case.</summary>
internal static class AzureScope
{
    private const string ManagementGroups = "/providers/Microsoft.Management/managementGroups/";
    private const string Authorization = "/providers/Microsoft.Authorization/";

    public static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>The scope of an assignment: as it states it, else as its id does.</summary>
    public static string Of(RoleAssignment assignment) => assignment.Properties.Scope ?? Of(assignment.Id);

    /// <summary>The scope in the id of an assignment, a deny assignment or a lock; "/" for the root.</summary>
    public static string Of(string id)
    {
        var end = id.LastIndexOf(Authorization, StringComparison.OrdinalIgnoreCase);
        return end <= 0 ? "/" : id.Substring(0, end);
    }

    /// <summary>True for the id of an assignment, a deny assignment or a lock.</summary>
    public static bool IsAuthorization(string id) => id.IndexOf(Authorization, StringComparison.OrdinalIgnoreCase) >= 0;

    /// <summary>The scope of a deny assignment.</summary>
    public static string Of(DenyAssignment denial) => denial.Properties.Scope ?? Of(denial.Id);

    /// <summary>
    /// True when a resource is the scope or lies below it. A management group counts as above every resource, because
    /// the list of a resource's assignments shows only the groups above it.
    /// </summary>
    public static bool IsWithin(string resource, string scope) =>
        scope is "/" or ""
        || scope.StartsWith(ManagementGroups, StringComparison.OrdinalIgnoreCase)
        || Same(resource, scope)
        || resource.StartsWith(scope.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The subscription of a resource, as the beginning of its id.</summary>
    public static string SubscriptionOf(string resource) => string.Join("/", resource.Split('/').Take(3));

    /// <summary>
    /// The scopes at and above a resource that locks can stand on: the key, Key Vault, resource group, subscription.
    /// </summary>
    public static IReadOnlyList<string> Lockable(string resource)
    {
        var parts = resource.Split('/');
        return resource.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
            ?
            [
                .. new[] { parts.Length, 9, 5, 3 }
                    .Where(n => n <= parts.Length)
                    .Distinct()
                    .Select(n => string.Join("/", parts.Take(n))),
            ]
            : [];
    }

    /// <summary>A scope for people: "Key Vault kv-1", "resource group crdb", "management group corp".</summary>
    public static string Describe(string scope)
    {
        var parts = scope.Split(['/'], StringSplitOptions.RemoveEmptyEntries);
        return scope.StartsWith(ManagementGroups, StringComparison.OrdinalIgnoreCase)
            ? $"management group {parts.Last()}"
            : parts.Length switch
            {
                0 => "the whole tenant",
                2 => $"subscription {parts[1]}",
                4 => $"resource group {parts[3]}",
                8 => $"Key Vault {parts[7]}",
                10 => $"key {parts[9]} of Key Vault {parts[7]}",
                _ => scope,
            };
    }
}
