namespace CockroachCmek.Sandbox.Gcp;

/// <summary>What the policies say about one permission of one principal on one resource.</summary>
/// <param name="IsGranted">A binding grants it and no deny policy takes it.</param>
/// <param name="IsDenied">A deny policy takes it.</param>
/// <param name="ConditionFails">A binding would grant it, but its condition does not hold.</param>
internal sealed record GcpDecision(bool IsGranted, bool IsDenied, bool ConditionFails);

/// <summary>
/// Decides requests as IAM does: deny policies of the project, folder and organization first, then the bindings of the
/// resource and of everything above it.
/// </summary>
internal sealed class GcpEvaluator(SandboxClock clock, GcpData data, GcpRoles roles, GcpMemberships memberships)
{
    /// <param name="principal">Who asks.</param>
    /// <param name="permission">For example cloudkms.cryptoKeyVersions.useToDecrypt.</param>
    /// <param name="resource">The resource of the request.</param>
    /// <param name="effective">True for the policies in effect, false for those last written.</param>
    public GcpDecision Decide(GcpPrincipal principal, string permission, string resource, bool effective)
    {
        var context = new GcpConditionContext(clock.UtcNow, resource, data.AccessLevels);
        var conditions = GcpHierarchy
            .WithAncestors(resource)
            .SelectMany(place => Policy(place, effective).Bindings)
            .Where(b => roles.Includes(b.Role, permission) && b.Members.Any(m => memberships.Includes(m, principal)))
            .Select(b => b.Condition?.Holds(context) ?? b.Condition is null)
            .ToList();
        var isDenied = IsDenied(principal, permission, resource, effective);
        return new GcpDecision(
            IsGranted: !isDenied && conditions.Contains(true),
            IsDenied: isDenied,
            ConditionFails: conditions.Count > 0 && !conditions.Contains(true)
        );
    }

    /// <summary>True if a deny policy takes the permission.</summary>
    public bool IsDenied(GcpPrincipal principal, string permission, string resource, bool effective)
    {
        var context = new GcpConditionContext(clock.UtcNow, resource, data.AccessLevels);
        return GcpHierarchy
            .WithAncestors(resource)
            .SelectMany(place => DenyPolicies(place, effective))
            .SelectMany(policy => policy.Rules)
            .Any(rule =>
                rule.Names(permission)
                && rule.Principals.Any(p => memberships.Includes(p.Member, principal))
                && !rule.Exceptions.Any(p => memberships.Includes(p.Member, principal))
                && (rule.Condition?.Holds(context) ?? rule.Condition is null)
            );
    }

    /// <summary>The policy of a resource: the one in effect, or the one last written.</summary>
    public GcpPolicy Policy(string resource, bool effective) =>
        data.Policies.TryGetValue(resource, out var history)
            ? (effective ? history.LastOrDefault(p => p.Written <= Latest) : history[^1]) ?? GcpPolicy.Empty
            : GcpPolicy.Empty;

    /// <summary>The deny policies that are attached to a project, folder or organization.</summary>
    public IEnumerable<GcpDenyPolicy> DenyPolicies(string place, bool effective) =>
        data
            .DenyPolicies.Values.Where(history => history[0].Place == place)
            .Select(history => effective ? history.LastOrDefault(p => p.Written <= Latest) : history[^1])
            .OfType<GcpDenyPolicy>()
            .Where(policy => !policy.IsDeleted);

    /// <summary>What was written by now is in effect.</summary>
    private DateTimeOffset Latest => clock.UtcNow - data.PropagationDelay;
}
