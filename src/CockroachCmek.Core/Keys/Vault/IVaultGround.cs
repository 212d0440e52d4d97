namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A cloud in which Vault finds something that has to be there before it can put a key: on Google Cloud a key ring, and an identity of Vault's own; on Azure a Key Vault.</summary>
internal interface IVaultHost
{
    /// <summary>Looks at what is there. Nothing is written, nothing asked.</summary>
    Task<IVaultGround> LookAsync(KeyRequest request, OperationContext context);
}

/// <summary>What Vault needs in a cloud, as it was found.</summary>
internal interface IVaultGround
{
    /// <summary>Where Vault is to put the key.</summary>
    string KeyCollection { get; }

    /// <summary>How the key is to be kept there; null for Vault's usual way, which is hardware.</summary>
    CmekProtectionLevel? ProtectionLevel { get; }

    /// <summary>Asks for everything that is missing; true when nothing was refused.</summary>
    Task<bool> AskAsync(OperationContext context);

    /// <summary>Makes what is missing.</summary>
    /// <returns>True when access was given moments ago: what Vault is refused then may only not be settled yet.</returns>
    Task<bool> WriteAsync(OperationContext context);
}
