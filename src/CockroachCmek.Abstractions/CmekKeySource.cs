namespace CockroachCmek;

/// <summary>Where a key is born.</summary>
public enum CmekKeySource
{
    /// <summary>In the cloud's own KMS.</summary>
    Cloud,

    /// <summary>In HashiCorp Vault, whose Key Management secrets engine distributes it to the cloud's KMS.</summary>
    HashiCorpVault,
}
