namespace CockroachCmek.Sandbox.Azure;

/// <summary>Why an action is allowed or refused.</summary>
internal sealed record AccessDecision(RoleAssignment? Assignment, DenyAssignment? Deny, bool IsConditionUnmet)
{
    public bool IsAllowed => Assignment is not null && Deny is null;
}

/// <summary>
/// Role-based access: an action is allowed if an assignment of the caller, or of a group that it is in, at or above the
/// resource allows it under its condition, and no deny assignment denies it.
/// </summary>
internal sealed class RoleAuthorization(AzureContext context)
{
    /// <summary>Decides about an action of Resource Manager, which knows every change at once.</summary>
    public AccessDecision Decide(string principalId, string action, string resource) =>
        Decide(principalId, action, isData: false, resource, context.Now, context.Now);

    /// <summary>Decides about a data action, with what has reached the key vaults.</summary>
    public AccessDecision DecideData(string principalId, string action, string resource) =>
        Decide(
            principalId,
            action,
            isData: true,
            resource,
            context.Now - context.Propagation,
            context.Now - context.MembershipPropagation
        );

    public bool IsAllowed(string principalId, string action, string resource) =>
        Decide(principalId, action, resource).IsAllowed;

    /// <summary>The roles of a principal and its groups on a resource, as ARM sees them.</summary>
    public IEnumerable<AzureRole> RolesOf(string principalId, string resource)
    {
        var identities = context.Directory.IdentitiesOf(principalId, context.Now);
        return AssignmentsOf(identities, resource, context.Now)
            .Select(a => context.RoleDefinitions.Find(a.RoleId))
            .OfType<AzureRole>();
    }

    /// <param name="asOf">The time whose assignments and definitions count.</param>
    /// <param name="members">The time whose group members count.</param>
    private AccessDecision Decide(
        string principalId,
        string action,
        bool isData,
        string resource,
        DateTimeOffset asOf,
        DateTimeOffset members
    )
    {
        var identities = context.Directory.IdentitiesOf(principalId, members);
        var deny = context.DenyAssignments.FirstOrDefault(d =>
            d.ExistsAt(asOf)
            && (
                d.DoNotApplyToChildScopes
                    ? AzureDirectory.Same(d.Scope, resource)
                    : context.Scopes.Covers(d.Scope, resource)
            )
            && d.Denies(identities, action, isData)
        );
        var allowing = AssignmentsOf(identities, resource, asOf)
            .Where(a => context.RoleDefinitions.At(a.RoleId, asOf)?.Allows(action, isData) == true)
            .ToList();
        var allowed = allowing.FirstOrDefault(a => IsConditionMet(a, action));
        return new AccessDecision(allowed, deny, allowed is null && allowing.Count > 0);
    }

    private IEnumerable<RoleAssignment> AssignmentsOf(
        IReadOnlyCollection<string> identities,
        string resource,
        DateTimeOffset time
    ) =>
        context
            .Roles.At(time)
            .Where(a => identities.Contains(a.PrincipalId) && context.Scopes.Covers(a.Scope, resource));

    /// <summary>What a condition depends on beyond action and time is decided by the sandbox's owner.</summary>
    private bool IsConditionMet(RoleAssignment assignment, string action) =>
        assignment.Condition is null
        || (RoleCondition.Evaluate(assignment.Condition, action, context.Now) ?? context.UnknownConditionsHold);
}
