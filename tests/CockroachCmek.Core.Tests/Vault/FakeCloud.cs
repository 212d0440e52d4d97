using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>
/// A cloud's provider that imports every key that Vault has put there, and records which ones it granted.
/// </summary>
internal sealed class FakeCloud(ICustomerCloud cloud) : ICmekKeyProvider
{
    public ICustomerCloud Cloud => cloud;

    public SortedSet<string> Grants { get; } = [];

    /// <summary>The regions of each import, in order: one line for each call.</summary>
    public List<string> Imports { get; } = [];

    /// <summary>Warnings of every import.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];

    /// <summary>The results of every check.</summary>
    public IReadOnlyList<CmekCheck> Checks { get; set; } = [];

    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context)
    {
        lock (Imports)
            Imports.Add(string.Join(",", request.Regions));
        foreach (var warning in Warnings)
            context.Host.Warning(warning);
        var keys = new List<CmekKey>();
        foreach (var region in request.Regions)
        {
            var uri = UriFor(request, region);
            keys.Add(
                new CmekKey
                {
                    Cluster = request.Cluster,
                    Region = region,
                    KeyType = cloud.KeyType,
                    KeyUri = uri,
                    AuthPrincipal = request.AuthPrincipal,
                    Outcome = await GrantAsync(uri, context),
                }
            );
        }

        return keys;
    }

    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        Task.FromResult(Checks);

    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        throw new InvalidOperationException();

    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        throw new InvalidOperationException();

    /// <summary>Keys that were marked as Vault's.</summary>
    public SortedSet<string> Marks { get; } = [];

    /// <summary>The cluster that the marks name.</summary>
    public string? MarkOwner { get; set; }

    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        Task.FromResult(
            Marks.Contains(key.KeyUri)
                ? KeyOrigin.OfVault with
                {
                    ClusterId = MarkOwner,
                }
                : KeyOrigin.OfCloud(cloud.DisplayName)
        );

    public async Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context)
    {
        if (!Marks.Contains(key.KeyUri) && await context.Host.ConfirmAsync(key.KeyUri, "Mark", default))
            Marks.Add(key.KeyUri);
    }

    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => throw new InvalidOperationException();

    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        throw new InvalidOperationException();

    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        throw new NotSupportedException();

    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) => throw new NotSupportedException();

    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        throw new NotSupportedException();

    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => throw new NotSupportedException();

    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => throw new InvalidOperationException();

    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        throw new InvalidOperationException();

    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => throw new InvalidOperationException();

    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        throw new InvalidOperationException();

    public void Dispose() { }

    /// <summary>The region's own URI, or the only one. On AWS an id becomes an ARN, as KMS would show it.</summary>
    private string UriFor(KeyRequest request, string region)
    {
        var uri = request.KeyUris.FirstOrDefault(u => u.Contains($":{region}:", StringComparison.Ordinal))
            ?? Assert.Single(request.KeyUris);
        return cloud.VaultTarget!.HasKeyForEachRegion && !uri.StartsWith("arn:", StringComparison.Ordinal)
            ? $"arn:aws:kms:{region}:111122223333:key/{uri}"
            : uri;
    }

    private async Task<CmekOutcome> GrantAsync(string uri, OperationContext context)
    {
        lock (Grants)
            if (Grants.Contains(uri))
                return CmekOutcome.Existing;
        if (!await context.Host.ConfirmAsync(uri, "Grant", context.CancellationToken))
            return CmekOutcome.Planned;
        lock (Grants)
            Grants.Add(uri);
        return CmekOutcome.Updated;
    }
}
