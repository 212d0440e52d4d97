namespace CockroachCmek;

/// <summary>Where the material of a key comes from, as its cloud reports it.</summary>
public enum CmekKeyOrigin : long
{
    /// <summary>The cloud does not report it, or the caller is not allowed to read it.</summary>
    Unknown,

    /// <summary>Generated in the cloud's own KMS.</summary>
    Cloud,

    /// <summary>Generated elsewhere and imported into the KMS.</summary>
    Imported,

    /// <summary>Generated in HashiCorp Vault, which distributed it to the KMS.</summary>
    HashiCorpVault,

    /// <summary>AWS: in a CloudHSM key store of the customer's.</summary>
    CustomKeyStore,

    /// <summary>In a key manager outside of the cloud, which the KMS calls for each use.</summary>
    ExternalKeyStore,
}
