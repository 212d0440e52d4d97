using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>A cloud's provider that takes every key that Vault has put there, and remembers whom it granted what.</summary>
internal sealed class FakeCloud(string cloudProvider) : ICmekKeyProvider
{
    public SortedSet<string> Grants { get; } = [];

    public CmekException? Fault { get; set; }

    public IReadOnlyList<CmekCheck> Checks { get; set; } = [];

    public string CloudProvider => cloudProvider;

    public string KeyType =>
        cloudProvider switch
        {
            "AWS" => "AWS_KMS",
            "GCP" => "GCP_CLOUD_KMS",
            _ => "AZURE_KEY_VAULT",
        };

    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context)
    {
        if (Fault is not null)
            throw Fault;
        var keys = new List<CmekKey>();
        foreach (var region in request.Regions)
        {
            var uri = request.KeyUris.FirstOrDefault(u => u.Contains($":{region}:", StringComparison.Ordinal))
                ?? Assert.Single(request.KeyUris);
            if (cloudProvider == "AWS" && !uri.StartsWith("arn:", StringComparison.Ordinal))
                uri = $"arn:aws:kms:{region}:111122223333:key/{uri}";
            var outcome = CmekOutcome.Existing;
            if (!Grants.Contains(uri))
                outcome =
                    await context.Log.ShouldProcessAsync(uri, "Grant", context.CancellationToken) && Grants.Add(uri)
                        ? CmekOutcome.Updated
                        : CmekOutcome.Planned;
            keys.Add(
                new CmekKey
                {
                    Cluster = request.Cluster,
                    Region = region,
                    KeyType = KeyType,
                    KeyUri = uri,
                    AuthPrincipal = request.AuthPrincipal,
                    Outcome = outcome,
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

    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => throw new InvalidOperationException();

    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        throw new InvalidOperationException();

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
}
