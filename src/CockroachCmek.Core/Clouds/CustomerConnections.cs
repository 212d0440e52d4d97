using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Clouds;

/// <summary>
/// A session's connections to the customer's clouds and to HashiCorp Vault. Each is made when it is first needed and
/// lives as long as the session, with its clients and tokens.
/// </summary>
/// <param name="clouds">The clouds.</param>
/// <param name="options">Parameters of Connect-CrdbCloud.</param>
/// <param name="sandbox">The clouds of the sandbox that the session is connected to; null for the real clouds.</param>
internal sealed class CustomerConnections(CustomerCloudTable clouds, CloudOptions options, SandboxClouds? sandbox)
    : IDisposable
{
    private readonly Dictionary<string, ICmekKeyProvider> _providers = [];
    private VaultClient? _vault;
    private bool _disposed;

    /// <summary>The clouds.</summary>
    public CustomerCloudTable Clouds => clouds;

    /// <summary>What Connect-CrdbCloud was given for the clouds and for HashiCorp Vault.</summary>
    public CloudOptions Options => options;

    /// <summary>The clouds of the sandbox; null for the real clouds.</summary>
    public SandboxClouds? Sandbox => sandbox;

    /// <summary>The provider of a cluster's cloud.</summary>
    /// <param name="source">HashiCorpVault for keys that are generated in Vault.</param>
    /// <exception cref="CmekException">CloudNotSupported, VaultAddressMissing, VaultTokenMissing, …</exception>
    public ICmekKeyProvider ProviderOf(CrdbCluster cluster, CmekKeySource source)
    {
        var cloud = clouds.Of(cluster);
        lock (_providers)
        {
            if (_disposed)
                throw new ObjectDisposedException(nameof(CustomerConnections));
            if (!_providers.TryGetValue(cloud.Provider, out var provider))
                _providers.Add(cloud.Provider, provider = cloud.Connect(options, sandbox));
            return source == CmekKeySource.HashiCorpVault
                ? InVault(provider)
                : new OriginKeeper(provider, () => FindInVault(provider));
        }
    }

    private VaultKeyProvider InVault(ICmekKeyProvider provider)
    {
        lock (_providers)
        {
            if (_disposed)
                throw new ObjectDisposedException(nameof(CustomerConnections));
            _vault ??= new VaultClient(VaultConnection.Create(options, sandbox));
            return new VaultKeyProvider(provider, _vault);
        }
    }

    /// <summary>Null when the session and the environment name no Vault.</summary>
    private VaultKeyProvider? FindInVault(ICmekKeyProvider provider)
    {
        try
        {
            return InVault(provider);
        }
        catch (CmekException error) when (error.ErrorId == nameof(VaultErrors.VaultAddressMissing))
        {
            return null;
        }
    }

    public void Dispose()
    {
        lock (_providers)
        {
            _disposed = true;
            foreach (var provider in _providers.Values)
                provider.Dispose();
            _vault?.Dispose();
        }
    }
}
