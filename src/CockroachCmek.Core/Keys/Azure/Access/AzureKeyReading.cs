using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>What was read about the access to a key, before it is judged.</summary>
/// <param name="KeyVault">The Key Vault, with its access policies.</param>
/// <param name="KeyName">The key; it need not exist yet.</param>
/// <param name="PrincipalId">The object id of the cluster's application.</param>
internal sealed record AzureKeyReading(AzureKeyVault KeyVault, string KeyName, string PrincipalId)
{
    /// <summary>Role assignments that apply to the key, of everybody.</summary>
    public IReadOnlyList<AssignedRole> Roles { get; init; } = [];

    /// <summary>Deny assignments that apply to the key.</summary>
    public IReadOnlyList<DenyAssignment> Denials { get; init; } = [];

    /// <summary>False when the role assignments could not be listed.</summary>
    public bool HasRoles { get; init; } = true;

    /// <summary>False when the deny assignments could not be listed.</summary>
    public bool HasDenials { get; init; } = true;

    /// <summary>The groups of the application; null when they could not be read.</summary>
    public IReadOnlyCollection<string>? Groups { get; init; } = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<UnreadPlace> Unread { get; init; } = [];

    public string KeyScope => KeyVault.KeyScope(KeyName);

    /// <summary>True when the application does not exist yet.</summary>
    public bool IsPlanned => Guid.TryParse(PrincipalId, out var id) && id == Guid.Empty;

    /// <summary>Roles that the application surely has, itself or through a group.</summary>
    public IEnumerable<AssignedRole> HeldRoles => Roles.Where(r => r.IsHeld == Truth.Yes);

    /// <summary>The application's own entry in the access policies.</summary>
    public JsonObject? Policy => KeyVault.UsesRoles ? null : KeyVault.PolicyOf(PrincipalId);

    /// <summary>Roles of the application's own, not of a group, that allow wrapping or unwrapping.</summary>
    public IEnumerable<AssignedRole> OwnDataRoles =>
        HeldRoles.Where(r =>
            KeyVault.UsesRoles
            && AzureScope.Same(r.Properties.PrincipalId, PrincipalId)
            && r.Definition is { } role
            && (role.Covers(KeyVaultRoles.Wrap) || role.Covers(KeyVaultRoles.Unwrap))
        );

    /// <summary>The same after grants were removed: some roles, and the application's own access policy.</summary>
    public AzureKeyReading Without(IReadOnlyCollection<AssignedRole> roles) =>
        this with
        {
            Roles = [.. Roles.Except(roles)],
            KeyVault = KeyVault with { AccessPolicies = [.. KeyVault.AccessPolicies.Where(p => p != Policy)] },
        };

    /// <summary>
    /// Groups that matter if the application is in them: in role assignments whose groups Azure did not resolve, in
    /// deny assignments, and objects in access policies, which may be groups.
    /// </summary>
    public IEnumerable<string> DoubtfulGroups =>
        Roles
            .Where(r => r.IsHeld == Truth.Maybe)
            .Select(r => r.Properties.PrincipalId)
            .Concat(KeyVault.UsesRoles ? DoubtfulInDenials : DoubtfulInPolicies)
            .Distinct(StringComparer.OrdinalIgnoreCase);

    private IEnumerable<string> DoubtfulInDenials =>
        Denials
            .Where(d => KeyVaultRoles.Needed.Any(a => (d.Properties.Permissions ?? []).Any(p => p.AllowsData(a))))
            .SelectMany(d => (d.Properties.Principals ?? []).Concat(d.Properties.ExcludePrincipals ?? []))
            .Where(p => p.IsGroup && !p.IsEverybody)
            .Select(p => p.Id);

    private IEnumerable<string> DoubtfulInPolicies =>
        AzurePolicyEntry
            .Of(KeyVault)
            .Where(e => !e.IsCompound && e.KeyPermissions.Count > 0 && !AzureScope.Same(e.ObjectId, PrincipalId))
            .Select(e => e.ObjectId);

    /// <summary>Whether an entry of a deny assignment stands for the application.</summary>
    public Known IsNamed(DenyPrincipal principal) =>
        principal.IsGroup || AzureScope.Same(principal.Id, PrincipalId) ? IsPrincipal(principal.Id) : Known.No;

    /// <summary>Whether the application is in a group, or is the principal itself.</summary>
    public Known IsPrincipal(string id)
    {
        if (AzureScope.Same(id, PrincipalId))
            return Known.Of((!IsPlanned).ToTruth());
        return Groups is null
            ? Known.Nothing
            : Known.Of(Groups.Contains(id, StringComparer.OrdinalIgnoreCase).ToTruth());
    }
}

/// <summary>A role that somebody has on a key.</summary>
/// <param name="Assignment">The assignment, at the key or above it.</param>
/// <param name="Definition">The role; null when it was not read.</param>
/// <param name="IsHeld">
/// Whether the cluster's application has it. Maybe: it is a group's, and the group's members could not be read.
/// </param>
internal sealed record AssignedRole(RoleAssignment Assignment, RoleDefinition? Definition, Truth IsHeld)
{
    public RoleAssignmentProperties Properties => Assignment.Properties;

    public string Scope => AzureScope.Of(Assignment);

    /// <summary>The name of the role, or its id.</summary>
    public string RoleName => Definition?.Properties.RoleName ?? Properties.RoleDefinitionId.Split('/').Last();

    /// <summary>True for an assignment under a condition.</summary>
    public bool IsConditional => !string.IsNullOrWhiteSpace(Properties.Condition);

    /// <summary>True for everybody and for a group of another tenant.</summary>
    public bool IsForeign =>
        string.Equals(Properties.PrincipalType, "ForeignGroup", StringComparison.OrdinalIgnoreCase)
        || (Guid.TryParse(Properties.PrincipalId, out var id) && id == Guid.Empty);

    /// <summary>Whether the role covers a data action.</summary>
    public Known Covers(string dataAction) =>
        Definition is null ? Known.Nothing : Known.Of(Definition.Covers(dataAction).ToTruth());

    /// <summary>Whether the application has the role.</summary>
    public Known Holds => IsHeld == Truth.Maybe ? Known.Nothing : Known.Of(IsHeld);

    /// <summary>Whether its condition holds.</summary>
    public Known Condition => Known.Of(IsConditional ? Truth.Maybe : Truth.Yes);
}
