namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Whether the caller may do what is going to be done, before anything is. ARM and the vault are two gates: who may assign roles may not make keys for that,
/// and the other way round. Where permissions may not be read, the write itself tells.
/// </summary>
internal sealed class AzurePermissions(AzureClients clients, AzureCalls calls)
{
    private const string Assign = "Microsoft.Authorization/roleAssignments/write";
    private const string ChangePolicies = "Microsoft.KeyVault/vaults/accessPolicies/write";

    /// <param name="vault">The vault.</param>
    /// <param name="makesKey">A key is going to be made.</param>
    /// <param name="grants">Access is going to be granted.</param>
    public async Task<IReadOnlyList<CmekException>> MissingAsync(AzureVault vault, bool makesKey, bool grants)
    {
        if (!makesKey && !grants)
            return [];
        IReadOnlyList<RolePermissions> permissions;
        try
        {
            permissions = await calls.ReadAsync("ARM", "ListPermissions", vault.Id, c =>
                clients.Arm.ListPermissionsAsync(vault.Id, c)
            );
        }
        catch (AzureFault fault) when (fault.Status is 403 or 404)
        {
            calls.Context.Log.Verbose(
                $"What these credentials may do on {vault.Name} cannot be read ({fault.Code}); the writes will tell."
            );
            return [];
        }

        var faults = new List<CmekException>();
        var needed = vault.UsesRoles ? Assign : ChangePolicies;
        if (grants && !permissions.Any(p => p.Allows(needed)))
            faults.Add(AzureErrors.ArmPermissionDenied(vault.Name, $"they may not {needed} on {vault.Id}.", null));
        // What the vault's own policies allow may come through a group, which only Graph could tell.
        if (makesKey && vault.UsesRoles && !permissions.Any(p => p.AllowsData(KeyVaultRoles.Create)))
            faults.Add(AzureErrors.KeyVaultPermissionDenied(vault.Name, $"they may not {KeyVaultRoles.Create}.", null));
        return faults;
    }
}
