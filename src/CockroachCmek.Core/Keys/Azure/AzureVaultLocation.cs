using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The Key Vault that HashiCorp Vault puts keys into. Its tier decides how keys are protected: Vault asks for
/// hardware by default, which a standard Key Vault refuses only after the key was created in Vault.
/// </summary>
internal sealed class AzureVaultLocation(string keyCollection, CmekProtectionLevel? protectionLevel) : IVaultLocation
{
    public string KeyCollection => keyCollection;

    public CmekProtectionLevel? ProtectionLevel => protectionLevel;

    /// <exception cref="CmekException">
    /// VaultCollectionMissing, VaultCollectionMalformed, KeyVaultNotFound, KeyVaultInOtherTenant, HsmNotAvailable, …
    /// </exception>
    public static async Task<AzureVaultLocation> FindAsync(KeyRequest request, AzureClients clients, AzureCalls calls)
    {
        var given = AzureVaultTarget.GivenKeyVault(request.Cluster, request.Options);
        var name = new AzureVaultTarget().CollectionFor(request.Cluster, request.Options, request.Regions[0]).Name;
        var subscription = AzureKeyOptions.From(request.Options).SubscriptionId;
        var found = await new AzureKeyVaults(clients, calls).FindAsync([name], subscription, request.AuthPrincipal);
        var keyVault = found[0];
        var wanted = VaultKeyOptions.From(request.Options).ProtectionLevel;
        if (wanted == CmekProtectionLevel.Hsm && !keyVault.IsPremium)
            throw AzureErrors.HsmNotAvailable(keyVault);
        var best = keyVault.IsPremium ? CmekProtectionLevel.Hsm : CmekProtectionLevel.Software;
        return new AzureVaultLocation(given, wanted ?? best);
    }

    /// <summary>Nothing is missing: the Key Vault exists, or FindAsync has failed.</summary>
    public Task<bool> ConfirmAsync(OperationContext context) => Task.FromResult(true);

    public Task<bool> CreateAsync(OperationContext context) => Task.FromResult(false);
}
