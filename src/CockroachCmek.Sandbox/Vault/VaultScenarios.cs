namespace CockroachCmek.Sandbox.Vault;

/// <summary>Prepared messes in HashiCorp Vault.</summary>
internal static class VaultScenarios
{
    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new("VaultSealed", "Vault is sealed: it cannot decrypt its storage and handles no requests.", server =>
            server.Vault.State = VaultState.Sealed
        ),
        new("VaultStandby", "VAULT_ADDR is a standby server of Vault that knows no active one.", server =>
            server.Vault.State = VaultState.Standby
        ),
    ];
}
