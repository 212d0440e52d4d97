namespace CockroachCmek;

/// <summary>Where a key is generated.</summary>
public enum CmekKeySource : long
{
    /// <summary>In the cloud's own KMS.</summary>
    Cloud,

    /// <summary>In HashiCorp Vault. Its Key Management secrets engine distributes the key to the cloud's KMS.</summary>
    HashiCorpVault,
}
