namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// Distributes Vault's keys to the KMS of one cloud. Each step signs in with the credentials of the provider or of
/// Vault's server, and has only the rights of that identity in the sandbox's cloud.
/// </summary>
internal interface IKeyDistributor
{
    /// <summary>awskms, gcpckms or azurekeyvault.</summary>
    string Provider { get; }

    /// <summary>
    /// Why the cloud does not support such a key; null if it does. Vault decides this without calling the cloud.
    /// </summary>
    string? WhyUnsupported(string keyType, IReadOnlyList<string> purpose, string protection);

    /// <summary>Imports a version, which becomes the current one, and returns its id in the cloud.</summary>
    /// <exception cref="CloudRefusedException">The cloud refused.</exception>
    string Import(VaultKey key, KeyDistribution distribution, VaultMaterial material);

    /// <summary>Enables or disables a version.</summary>
    /// <exception cref="CloudRefusedException">The cloud refused.</exception>
    void SetEnabled(KeyDistribution distribution, string id, bool enabled);

    /// <summary>Deletes every version, or schedules its deletion where the cloud deletes later.</summary>
    /// <exception cref="CloudRefusedException">The cloud refused.</exception>
    void Remove(VaultKey key, KeyDistribution distribution);

    /// <summary>Replicates the key to its replica regions.</summary>
    /// <exception cref="CloudRefusedException">The cloud refused, or has no replication.</exception>
    void Replicate(VaultKey key, KeyDistribution distribution);
}

/// <summary>The cloud refused a request of Vault. The message is the cloud's.</summary>
internal sealed class CloudRefusedException(string message) : Exception(message);
