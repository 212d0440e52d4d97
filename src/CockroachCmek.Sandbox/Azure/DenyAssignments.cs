namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// Actions that are denied, whatever allows them. Only Azure itself creates deny assignments, for deployment stacks and
/// managed applications (learn.microsoft.com, "List Azure deny assignments").
/// </summary>
internal sealed record DenyAssignment(string Name, string DisplayName, string Scope, RolePermission Permission)
{
    /// <summary>The principal id that stands for everybody. Its type is SystemDefined.</summary>
    public const string Everybody = "00000000-0000-0000-0000-000000000000";

    public IReadOnlyList<string> Principals { get; init; } = [];

    public IReadOnlyList<string> ExcludedPrincipals { get; init; } = [];

    public bool DoNotApplyToChildScopes { get; init; }

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset? Removed { get; init; }

    public string Id => $"{Scope}/providers/Microsoft.Authorization/denyAssignments/{Name}";

    public bool ExistsAt(DateTimeOffset time) => Created <= time && (Removed is not { } removed || time < removed);

    /// <summary>True if it denies the action to somebody with these identities.</summary>
    public bool Denies(IReadOnlyCollection<string> identities, string action, bool isData) =>
        Principals.Any(p => p == Everybody || identities.Contains(p))
        && !ExcludedPrincipals.Any(identities.Contains)
        && Permission.Allows(action, isData);
}
