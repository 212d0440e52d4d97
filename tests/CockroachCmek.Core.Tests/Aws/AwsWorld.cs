using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// An AWS to test against: the module's provider, connected to it, and the vendor's own client, to read what the
/// provider did.
/// </summary>
internal class AwsWorld(Uri endpoint, string accessKeyId, string secretAccessKey, TimeProvider time) : IDisposable
{
    public const string OrganizationId = "0f0e0d0c-0b0a-4909-8807-060504030201";
    public const string ClusterAccount = "999999999999";

    private readonly List<IDisposable> _owned = [];
    private AwsKeyProvider? _provider;

    public RecordingLog Log { get; init; } = new();

    public OperationContext Context => new(Log, time, CancellationToken.None);

    /// <summary>The provider with an administrator's credentials.</summary>
    public AwsKeyProvider Provider => _provider ??= As(accessKeyId, secretAccessKey);

    /// <summary>A provider with other credentials.</summary>
    public AwsKeyProvider As(string id, string secret) =>
        Own(
            new AwsKeyProvider(
                new AwsCustomerCloud(),
                new AwsConnection
                {
                    Endpoint = endpoint,
                    AccessKeyId = id,
                    SecretAccessKey = new Secret(secret),
                }
            )
        );

    /// <summary>The vendor's client.</summary>
    public AmazonKeyManagementServiceClient Kms(string region) =>
        Own(
            new AmazonKeyManagementServiceClient(
                new BasicAWSCredentials(accessKeyId, secretAccessKey),
                new AmazonKeyManagementServiceConfig { ServiceURL = endpoint.ToString(), AuthenticationRegion = region }
            )
        );

    public static CrdbCluster ClusterIn(params string[] regions) =>
        new()
        {
            Id = Guid.NewGuid().ToString(),
            Name = "prod-eu",
            CloudProvider = "AWS",
            AccountId = ClusterAccount,
            Plan = "ADVANCED",
            State = "CREATED",
            Regions = [.. regions.Select(r => new CrdbRegion { Name = r, NodeCount = 3 })],
        };

    /// <summary>The default alias of a cluster's keys.</summary>
    public static string AliasOf(CrdbCluster cluster) => $"alias/crdb-cmek-{cluster.Id[^12..]}";

    public Task<CmekRole> RoleAsync(CrdbCluster cluster, bool update = false, string organizationId = OrganizationId) =>
        Provider.EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = organizationId,
                Update = update,
            },
            Context
        );

    /// <summary>The role and its keys, created or reused.</summary>
    public async Task<IReadOnlyList<CmekKey>> KeysAsync(CrdbCluster cluster, bool multiRegion = false) =>
        await Provider.EnsureKeysAsync(RequestFor(await RoleAsync(cluster), multiRegion), Context);

    public static KeyRequest RequestFor(CmekRole role, bool multiRegion = false) =>
        new()
        {
            Cluster = role.Cluster,
            AuthPrincipal = role.AuthPrincipal,
            Regions = [.. role.Cluster.Regions.Select(r => r.Name)],
            Options = CloudOptions.None.With("MultiRegion", multiRegion),
        };

    public static CmekRegionSpec SpecOf(CmekKey key) =>
        CmekRegionSpec.Create(key.Region, key.KeyType, key.KeyUri, key.AuthPrincipal);

    /// <param name="wrappedAt">When the cluster last wrapped with the keys. Default: a minute ago.</param>
    public static RotationRequest RotationOf(
        IReadOnlyList<CmekKey> keys,
        bool newKey = false,
        DateTimeOffset? wrappedAt = null
    ) =>
        new()
        {
            Cluster = keys[0].Cluster,
            NewKey = newKey,
            Regions =
            [
                .. keys.Select(k => new CmekRegionInfo
                {
                    Region = k.Region,
                    Status = "ENABLED",
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyType = k.KeyType,
                            KeyUri = k.KeyUri,
                            AuthPrincipal = k.AuthPrincipal,
                            Status = "ENABLED",
                            CreatedAt = wrappedAt ?? DateTimeOffset.UtcNow.AddMinutes(-1),
                        },
                    ],
                }),
            ],
        };

    public static RevocationRequest RevocationOf(
        IReadOnlyList<CmekKey> keys,
        CmekRevocationMethod method = CmekRevocationMethod.Default
    ) =>
        new()
        {
            Cluster = keys[0].Cluster,
            Keys = [.. keys.Select(SpecOf)],
            Method = method,
        };

    /// <summary>A key's policy, read with the vendor's client.</summary>
    public async Task<KeyPolicyDocument> PolicyAsync(string keyUri)
    {
        var arn = AwsKeyArn.Parse(keyUri);
        var request = new GetKeyPolicyRequest { KeyId = arn.KeyId, PolicyName = "default" };
        return KeyPolicyDocument.Parse((await Kms(arn.Region).GetKeyPolicyAsync(request)).Policy);
    }

    /// <summary>What KMS shows of a key.</summary>
    public async Task<KeyMetadata> DescribeAsync(string region, string keyId) =>
        (await Kms(region).DescribeKeyAsync(keyId)).KeyMetadata;

    public async Task<IReadOnlyDictionary<string, string>> TagsAsync(string keyUri)
    {
        var arn = AwsKeyArn.Parse(keyUri);
        var tags = await Kms(arn.Region).ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = arn.KeyId });
        return (tags.Tags ?? []).ToDictionary(t => t.TagKey, t => t.TagValue);
    }

    public async Task<int> RotationsAsync(string keyUri)
    {
        var arn = AwsKeyArn.Parse(keyUri);
        var rotations = await Kms(arn.Region).ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = arn.KeyId });
        return rotations.Rotations?.Count ?? 0;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        lock (_owned)
            _owned.Add(owned);
        return owned;
    }
}
