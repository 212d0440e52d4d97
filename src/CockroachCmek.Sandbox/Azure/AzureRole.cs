using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>One block of a role definition: what it allows, less what it excludes.</summary>
internal sealed record RolePermission(
    IReadOnlyList<string> Actions,
    IReadOnlyList<string> NotActions,
    IReadOnlyList<string> DataActions,
    IReadOnlyList<string> NotDataActions
) : IConstant
{
    public bool Allows(string action, bool isData) =>
        isData
            ? Matches(DataActions, action) && !Matches(NotDataActions, action)
            : Matches(Actions, action) && !Matches(NotActions, action);

    /// <summary>True if a pattern, in which * stands for any text, matches the action.</summary>
    public static bool Matches(IEnumerable<string> patterns, string action) =>
        patterns.Any(p =>
            Regex.IsMatch(
                action,
                "^" + Regex.Escape(p).Replace("\\*", ".*") + "$",
                RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
            )
        );
}

/// <summary>
/// A role definition. An exclusion is not a denial: another role, or another block of the same one, can still allow the
/// action.
/// </summary>
internal sealed record AzureRole(string Id, string Name, IReadOnlyList<RolePermission> Permissions) : IConstant
{
    /// <summary>A role of one block.</summary>
    public AzureRole(string id, string name, string[] actions, string[] dataActions, string[]? notActions = null)
        : this(id, name, [new RolePermission(actions, notActions ?? [], dataActions, [])]) { }

    /// <summary>True if a condition restricts the holder to assigning Key Vault roles.</summary>
    public bool AssignsKeyVaultRolesOnly { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Where the role can be assigned.</summary>
    public IReadOnlyList<string> AssignableScopes { get; init; } = ["/"];

    public bool IsCustom { get; init; }

    public bool Allows(string action, bool isData = false) => Permissions.Any(p => p.Allows(action, isData));
}
