using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A built-in role. Ids and actions: learn.microsoft.com, "Azure built-in roles", and Key Vault's RBAC guide.</summary>
internal sealed record AzureRole(string Id, string Name, string[] Actions, string[] DataActions) : IConstant
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";

    public string[] NotActions { get; init; } = [];

    /// <summary>True where a condition lets the holder assign Key Vault's roles only.</summary>
    public bool AssignsVaultRolesOnly { get; init; }

    public static AzureRole Owner { get; } = new("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ["*"], []);

    public static AzureRole VaultAdministrator { get; } =
        new(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            ["Microsoft.Authorization/*/read", "Microsoft.Resources/*/read", "Microsoft.KeyVault/*/read"],
            ["Microsoft.KeyVault/vaults/*"]
        );

    public static AzureRole CryptoServiceEncryptionUser { get; } =
        new(
            "e147488a-f6f5-4113-8e2d-b22465e65bf6",
            "Key Vault Crypto Service Encryption User",
            [],
            [Keys + "read", Keys + "wrap/action", Keys + "unwrap/action"]
        );

    public static IReadOnlyList<AzureRole> All { get; } =
    [
        Owner,
        new("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", ["*"], [])
        {
            NotActions =
            [
                "Microsoft.Authorization/*/delete",
                "Microsoft.Authorization/*/write",
                "Microsoft.Authorization/elevateAccess/action",
            ],
        },
        new("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"], []),
        new(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            "User Access Administrator",
            ["*/read", "Microsoft.Authorization/*"],
            []
        ),
        new(
            "f25e0fa2-a7c8-4377-a976-54943a77a395",
            "Key Vault Contributor",
            ["Microsoft.Authorization/*/read", "Microsoft.Resources/*/read", "Microsoft.KeyVault/*"],
            []
        ),
        new(
            "8b54135c-b56d-4d72-a534-26097cfdc8d8",
            "Key Vault Data Access Administrator",
            [
                "Microsoft.Authorization/roleAssignments/write",
                "Microsoft.Authorization/roleAssignments/delete",
                "Microsoft.Authorization/*/read",
                "Microsoft.Resources/*/read",
                "Microsoft.KeyVault/vaults/*/read",
                "Microsoft.KeyVault/vaults/read",
            ],
            []
        )
        {
            AssignsVaultRolesOnly = true,
        },
        VaultAdministrator,
        new(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            "Key Vault Crypto Officer",
            ["Microsoft.Authorization/*/read", "Microsoft.Resources/*/read", "Microsoft.KeyVault/*/read"],
            [Keys + "*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"]
        ),
        new(
            "12338af0-0e69-4776-bea7-57ae8d297424",
            "Key Vault Crypto User",
            [],
            [
                .. new[]
                {
                    "read",
                    "update/action",
                    "backup/action",
                    "encrypt/action",
                    "decrypt/action",
                    "wrap/action",
                    "unwrap/action",
                    "sign/action",
                    "verify/action",
                }.Select(a => Keys + a),
            ]
        ),
        CryptoServiceEncryptionUser,
        new(
            "21090545-7ca7-4776-b22c-e363652d74d2",
            "Key Vault Reader",
            ["Microsoft.Authorization/*/read", "Microsoft.Resources/*/read", "Microsoft.KeyVault/*/read"],
            ["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"]
        ),
    ];

    public static AzureRole? Find(string id) => All.FirstOrDefault(r => AzureDirectory.Same(r.Id, id));

    public bool Allows(string action) => Matches(Actions, action) && !Matches(NotActions, action);

    public bool AllowsData(string action) => Matches(DataActions, action);

    private static bool Matches(string[] patterns, string action) =>
        patterns.Any(p =>
            Regex.IsMatch(
                action,
                "^" + Regex.Escape(p).Replace("\\*", ".*") + "$",
                RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
            )
        );
}

/// <summary>A role given to a principal at a scope.</summary>
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

    /// <summary>Null while it is there.</summary>
    public DateTimeOffset? Removed { get; init; }

    /// <summary>True when the thing of that id is at or below this assignment's scope.</summary>
    public bool Covers(string id) => RoleBook.IsAtOrBelow(id, Scope);
}

/// <summary>Who may do what where. ARM sees a change at once; vaults only after a while, in both directions.</summary>
internal sealed class RoleBook(SandboxClock clock, AzureData data)
{
    public IEnumerable<RoleAssignment> Present => data.Assignments.Where(a => a.Removed is null);

    public RoleAssignment Assign(
        string principalId,
        AzureRole role,
        string scope,
        DateTimeOffset? created = null,
        string? name = null,
        string principalType = "ServicePrincipal",
        string? description = null,
        string createdBy = ""
    )
    {
        var assignment = new RoleAssignment(
            name ?? Guid.NewGuid().ToString("D"),
            scope,
            role,
            principalId,
            principalType
        )
        {
            Created = created ?? clock.UtcNow,
            Description = description,
            CreatedBy = createdBy,
        };
        data.Assignments.Add(assignment);
        return assignment;
    }

    public void Remove(RoleAssignment assignment) =>
        data.Assignments[data.Assignments.IndexOf(assignment)] = assignment with { Removed = clock.UtcNow };

    public IEnumerable<AzureRole> Managing(string principalId, string scope) =>
        Present.Where(a => AzureDirectory.Same(a.PrincipalId, principalId) && a.Covers(scope)).Select(a => a.Role);

    /// <summary>What a vault decides by: assignments that have reached it.</summary>
    public bool MayUse(string principalId, string dataAction, string id) =>
        data.Assignments.Any(a =>
            AzureDirectory.Same(a.PrincipalId, principalId)
            && a.Covers(id)
            && HasReachedVaults(a)
            && a.Role.AllowsData(dataAction)
        );

    public static bool IsAtOrBelow(string id, string scope) =>
        scope.Trim('/').Length == 0
        || AzureDirectory.Same(id.TrimEnd('/'), scope.TrimEnd('/'))
        || id.StartsWith(scope.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);

    private bool HasReachedVaults(RoleAssignment assignment) =>
        clock.UtcNow >= assignment.Created + data.Propagation
        && (assignment.Removed is not { } removed || clock.UtcNow < removed + data.Propagation);
}
