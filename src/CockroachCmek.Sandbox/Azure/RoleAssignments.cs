namespace CockroachCmek.Sandbox.Azure;

/// <summary>A role of a principal or group at a scope.</summary>
internal sealed record RoleAssignment(
    string Name,
    string Scope,
    string RoleId,
    string PrincipalId,
    string PrincipalType
)
{
    public string? Description { get; init; }

    public string? Condition { get; init; }

    public string CreatedBy { get; init; } = "";

    public DateTimeOffset Created { get; init; }

    /// <summary>When it got its present form.</summary>
    public DateTimeOffset Updated { get; init; }

    /// <summary>When it was removed or replaced by another form; null if it was not.</summary>
    public DateTimeOffset? Removed { get; init; }

    public bool ExistsAt(DateTimeOffset time) => Updated <= time && (Removed is not { } removed || time < removed);

    /// <summary>True if both grant the same role to the same principal at the same scope.</summary>
    public bool GrantsSame(RoleAssignment other) =>
        AzureDirectory.Same(Scope, other.Scope)
        && AzureDirectory.Same(PrincipalId, other.PrincipalId)
        && AzureDirectory.Same(RoleId, other.RoleId);
}

/// <summary>All role assignments. ARM applies a change at once; key vaults apply grants and removals later.</summary>
internal sealed class RoleAssignments(SandboxClock clock, AzureData data)
{
    public IEnumerable<RoleAssignment> Present => data.Assignments.Where(a => a.Removed is null);

    public IEnumerable<RoleAssignment> At(DateTimeOffset time) => data.Assignments.Where(a => a.ExistsAt(time));

    /// <summary>Assigns a role to a service principal or group, as of the given time.</summary>
    public RoleAssignment Assign(
        string principalId,
        AzureRole role,
        string scope,
        DateTimeOffset created,
        string type = "ServicePrincipal"
    ) => Add(new RoleAssignment(Guid.NewGuid().ToString("D"), scope, role.Id, principalId, type), created);

    /// <summary>Adds an assignment. Default time: now.</summary>
    public RoleAssignment Add(RoleAssignment assignment, DateTimeOffset? created = null)
    {
        var time = created ?? clock.UtcNow;
        var added = assignment with { Created = time, Updated = time };
        data.Assignments.Add(added);
        return added;
    }

    /// <summary>Replaces description and condition.</summary>
    public RoleAssignment Change(RoleAssignment present, RoleAssignment wanted)
    {
        Remove(present);
        var changed = present with
        {
            Description = wanted.Description,
            Condition = wanted.Condition,
            Updated = clock.UtcNow,
        };
        data.Assignments.Add(changed);
        return changed;
    }

    /// <summary>Replaces an assignment as if it had always been so.</summary>
    public void Replace(RoleAssignment present, RoleAssignment wanted)
    {
        if (present != wanted)
            data.Assignments[data.Assignments.IndexOf(present)] = wanted;
    }

    public void Remove(RoleAssignment assignment) =>
        data.Assignments[data.Assignments.IndexOf(assignment)] = assignment with { Removed = clock.UtcNow };
}
