namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Scopes of role assignments: paths of resources, compared without case.</summary>
internal static class AzureScope
{
    private const string ManagementGroups = "/providers/Microsoft.Management/managementGroups/";
    private const string RoleAssignments = "/providers/Microsoft.Authorization/roleAssignments/";

    public static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>The scope of an assignment: as it states it, else as its id does.</summary>
    public static string Of(RoleAssignment assignment) => assignment.Properties.Scope ?? Of(assignment.Id);

    /// <summary>The scope in the id of an assignment.</summary>
    public static string Of(string assignmentId)
    {
        var end = assignmentId.IndexOf(RoleAssignments, StringComparison.OrdinalIgnoreCase);
        return end < 0 ? "/" : assignmentId.Substring(0, end);
    }

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
}
