using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The Key Vault that HashiCorp Vault puts keys into. Its tier says how they are kept: Vault asks for hardware unless told otherwise, which the standard tier refuses only after the key was made.</summary>
internal sealed class AzureVaultLocation(string keyCollection, CmekProtectionLevel? protectionLevel) : IVaultLocation
{
    public string KeyCollection => keyCollection;

    public CmekProtectionLevel? ProtectionLevel => protectionLevel;

    /// <exception cref="CmekException">VaultCollectionMissing, VaultCollectionMalformed, VaultNotFound, VaultInOtherTenant, HsmNotAvailable, ...</exception>
    public static async Task<AzureVaultLocation> FindAsync(KeyRequest request, AzureClients clients, AzureCalls calls)
    {
        var given = VaultKeyOptions.From(request.Options).KeyCollection;
        var name = new AzureVaultTarget().CollectionFor(request.Cluster, given, request.Regions[0]).Name;
        var vault = (
            await new AzureKeyVaults(clients, calls).FindAsync(
                [name],
                AzureKeyOptions.From(request.Options).SubscriptionId,
                request.AuthPrincipal
            )
        )[0];
        var wanted = VaultKeyOptions.From(request.Options).ProtectionLevel;
        if (wanted == CmekProtectionLevel.Hsm && !vault.IsPremium)
            throw AzureErrors.HsmNotAvailable(vault);
        return new AzureVaultLocation(
            given!,
            wanted ?? (vault.IsPremium ? CmekProtectionLevel.Hsm : CmekProtectionLevel.Software)
        );
    }

    public Task<bool> ConfirmAsync(OperationContext context) => Task.FromResult(true);

    public Task<bool> CreateAsync(OperationContext context) => Task.FromResult(false);
}
