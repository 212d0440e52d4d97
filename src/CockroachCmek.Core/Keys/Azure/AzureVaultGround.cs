using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The Key Vault that HashiCorp Vault puts keys into. Its tier says how they are kept: Vault asks for hardware unless told otherwise, which the standard tier refuses only after the key was made.</summary>
internal sealed class AzureVaultGround(string keyCollection, CmekProtectionLevel? protectionLevel) : IVaultGround
{
    public string KeyCollection => keyCollection;

    public CmekProtectionLevel? ProtectionLevel => protectionLevel;

    /// <exception cref="CmekException">VaultCollectionMissing, VaultCollectionMalformed, VaultNotFound, VaultInOtherTenant, HsmNotAvailable, ...</exception>
    public static async Task<AzureVaultGround> LookAsync(KeyRequest request, AzureClients clients, AzureCalls calls)
    {
        var given = request.Vault.KeyCollection;
        var name = VaultCloud.Of("AZURE").Collection(request.Cluster, given, request.Regions[0]).Name;
        var vault = (
            await new AzureVaults(clients, calls).FindAsync([name], request.Azure.SubscriptionId, request.AuthPrincipal)
        )[0];
        var wanted = request.Vault.ProtectionLevel;
        if (wanted == CmekProtectionLevel.Hsm && !vault.IsPremium)
            throw Errors.HsmNotAvailable(vault);
        return new AzureVaultGround(
            given!,
            wanted ?? (vault.IsPremium ? CmekProtectionLevel.Hsm : CmekProtectionLevel.Software)
        );
    }

    public Task<bool> AskAsync(OperationContext context) => Task.FromResult(true);

    public Task<bool> WriteAsync(OperationContext context) => Task.FromResult(false);
}
