namespace CockroachCmek;

/// <summary>Whether a cluster uses a key, as CockroachDB Cloud reports it.</summary>
public enum CmekKeyUse : long
{
    /// <summary>Not known: CockroachDB Cloud was not asked, could not be read, or could not enable the key.</summary>
    Unknown,

    /// <summary>The region's current key.</summary>
    InForce,

    /// <summary>A key that the region used before. Data and backups of that time can be read only with it.</summary>
    Past,

    /// <summary>
    /// The key is marked for the cluster in the KMS, and CockroachDB Cloud does not list it: CMEK was not enabled with
    /// it yet, or an interrupted run left it.
    /// </summary>
    NotUsed,
}
