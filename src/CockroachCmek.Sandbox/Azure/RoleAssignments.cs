namespace CockroachCmek.Sandbox.Azure;

/// <summary>A role of a principal at a scope.</summary>
internal sealed record RoleAssignment(
    string Name,
    string Scope,
    AzureRole Role,
    string PrincipalId,
    string PrincipalType
)
{
    public string? Description { get; init; }

    public string CreatedBy { get; init; } = "";

    public DateTimeOffset Created { get; init; }

    /// <summary>When it was removed; null if it was not.</summary>
    public DateTimeOffset? Removed { get; init; }

    /// <summary>True if both grant the same role to the same principal at the same scope.</summary>
    public bool GrantsSame(RoleAssignment other) =>
        AzureDirectory.Same(Scope, other.Scope)
        && AzureDirectory.Same(PrincipalId, other.PrincipalId)
        && Role == other.Role;

    /// <summary>True if the resource is at or below this assignment's scope.</summary>
    public bool Covers(string id) => RoleAssignments.IsAtOrBelow(id, Scope);
}

/// <summary>All role assignments. ARM applies a change at once; key vaults apply grants and removals later.</summary>
internal sealed class RoleAssignments(SandboxClock clock, AzureData data)
{
    public IEnumerable<RoleAssignment> Present => data.Assignments.Where(a => a.Removed is null);

    /// <summary>Assigns a role to a service principal, as of the given time.</summary>
    public RoleAssignment Assign(string principalId, AzureRole role, string scope, DateTimeOffset created) =>
        Add(new RoleAssignment(Guid.NewGuid().ToString("D"), scope, role, principalId, "ServicePrincipal"), created);

    /// <summary>Adds an assignment. Default time: now.</summary>
    public RoleAssignment Add(RoleAssignment assignment, DateTimeOffset? created = null)
    {
        var added = assignment with { Created = created ?? clock.UtcNow };
        data.Assignments.Add(added);
        return added;
    }

    public void Remove(RoleAssignment assignment) =>
        data.Assignments[data.Assignments.IndexOf(assignment)] = assignment with { Removed = clock.UtcNow };

    /// <summary>The principal's roles on a resource, as ARM sees them.</summary>
    public IEnumerable<AzureRole> RolesOf(string principalId, string scope) =>
        Present.Where(a => AzureDirectory.Same(a.PrincipalId, principalId) && a.Covers(scope)).Select(a => a.Role);

    /// <summary>True if an assignment that has reached the key vaults allows the data action.</summary>
    public bool AllowsData(string principalId, string dataAction, string id) =>
        data.Assignments.Any(a =>
            AzureDirectory.Same(a.PrincipalId, principalId)
            && a.Covers(id)
            && HasTakenEffect(a)
            && a.Role.AllowsData(dataAction)
        );

    public static bool IsAtOrBelow(string id, string scope) =>
        scope.Trim('/').Length == 0
        || AzureDirectory.Same(id.TrimEnd('/'), scope.TrimEnd('/'))
        || id.StartsWith(scope.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);

    private bool HasTakenEffect(RoleAssignment assignment) =>
        clock.UtcNow >= assignment.Created + data.Propagation
        && (assignment.Removed is not { } removed || clock.UtcNow < removed + data.Propagation);
}
