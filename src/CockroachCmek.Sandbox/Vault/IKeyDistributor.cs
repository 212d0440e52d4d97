using System.IO;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// What Vault does in one cloud with the keys that it distributes there. It signs in anew for each step, with the provider's credentials or
/// what is on Vault's server, and may do there what the sandbox's cloud lets that identity do.
/// </summary>
internal interface IKeyDistributor
{
    /// <summary>awskms, gcpckms or azurekeyvault.</summary>
    string Provider { get; }

    /// <summary>Why the cloud cannot hold such a key, or null. Vault knows it without asking.</summary>
    string? Refuse(string keyType, IReadOnlyList<string> purpose, string protection);

    /// <summary>Brings a version into the cloud, where it becomes the current one, and gives its id there.</summary>
    /// <exception cref="CloudRefusal">The cloud refuses.</exception>
    string Import(VaultKey key, KeyDistribution distribution, VaultMaterial material);

    /// <summary>Switches a version on or off.</summary>
    /// <exception cref="CloudRefusal">The cloud refuses.</exception>
    void SetEnabled(KeyDistribution distribution, string id, bool enabled);

    /// <summary>Takes every version away, as far as the cloud lets anything be taken away at once.</summary>
    /// <exception cref="CloudRefusal">The cloud refuses.</exception>
    void Remove(VaultKey key, KeyDistribution distribution);

    /// <summary>Copies the key to the other regions that it was made for.</summary>
    /// <exception cref="CloudRefusal">The cloud refuses, or has no such thing.</exception>
    void Replicate(VaultKey key, KeyDistribution distribution);
}

/// <summary>The cloud did not do what Vault asked: its sentence.</summary>
internal sealed class CloudRefusal(string message) : Exception(message);

/// <summary>The machine that Vault runs on, where it finds credentials that a provider was made without.</summary>
internal sealed class VaultHost(VaultData data)
{
    public string? Variable(string name) => data.Environment.TryGetValue(name, out var value) ? value : null;

    /// <summary>A file of Vault's server, which is this machine.</summary>
    /// <exception cref="CloudRefusal">There is none, or it cannot be read.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CloudRefusal($"error reading credentials: open {path}: no such file or directory");
        }
    }
}
