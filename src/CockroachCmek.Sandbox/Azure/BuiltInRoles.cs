namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// Built-in roles. Source of ids and actions: learn.microsoft.com, "Azure built-in roles" and Key Vault's RBAC guide.
/// </summary>
internal static class BuiltInRoles
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";
    private static readonly string[] ReadsKeyVaults =
    [
        "Microsoft.Authorization/*/read",
        "Microsoft.Resources/*/read",
        "Microsoft.KeyVault/*/read",
    ];

    public static AzureRole Owner { get; } = new("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ["*"], []);

    public static AzureRole KeyVaultAdministrator { get; } =
        new(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            ReadsKeyVaults,
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
        new(
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "Contributor",
            ["*"],
            [],
            [
                "Microsoft.Authorization/*/delete",
                "Microsoft.Authorization/*/write",
                "Microsoft.Authorization/elevateAccess/action",
            ]
        ),
        new("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"], []),
        new("73c42c96-874c-492b-b04d-ab87d138a893", "Log Analytics Reader", ["*/read"], []),
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
            AssignsKeyVaultRolesOnly = true,
        },
        KeyVaultAdministrator,
        new(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            "Key Vault Crypto Officer",
            ReadsKeyVaults,
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
            ReadsKeyVaults,
            ["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"]
        ),
    ];
}
