using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>The AWS half of the pipeline against moto, read back with the vendor's own client.</summary>
public sealed class MotoTests(MotoServer moto) : IClassFixture<MotoServer>
{
    private const string Account = "123456789012";
    private readonly RecordingLog _log = new();

    private OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, 600), CancellationToken.None);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Role_keys_alias_and_policy_end_as_specified_and_a_second_run_writes_nothing(bool multiRegion)
    {
        var provider = await ProviderAsync();
        var cluster = Cluster(multiRegion ? "eu-west-1" : "us-east-1", multiRegion ? "eu-central-1" : "us-west-2");
        var role = await provider.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = "org-1" },
            Context
        );
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.Equal($"arn:aws:iam::{Account}:role/crdb-cmek-{cluster.Id[^12..]}", role.AuthPrincipal);

        var keys = await provider.EnsureKeysAsync(Request(cluster, role, multiRegion), Context);
        Assert.Equal(cluster.Regions.Select(r => r.Name), keys.Select(k => k.Location));
        Assert.Equal(multiRegion ? 1 : 2, keys.Select(k => k.KeyUri.Split('/')[^1]).Distinct().Count());
        foreach (var key in keys)
        {
            using var kms = Kms(key.Location);
            var described = (await kms.DescribeKeyAsync($"alias/crdb-cmek-{cluster.Id[^12..]}")).KeyMetadata;
            Assert.Equal(key.KeyUri, described.Arn);
            Assert.Equal(KeyState.Enabled, described.KeyState);
            Assert.Equal(multiRegion, described.MultiRegion);
            var policy = KeyPolicyDocument.Parse(
                (
                    await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyUri, PolicyName = "default" })
                ).Policy
            );
            Assert.Empty(policy.MissingFor(role.AuthPrincipal));
            Assert.Empty(policy.WiderThanNeeded(role.AuthPrincipal));
            if (multiRegion && !key.IsPrimary)
                continue; // moto keeps no tags of a replica
            var tags = (
                await kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = key.KeyUri })
            ).Tags.ToDictionary(t => t.TagKey, t => t.TagValue);
            Assert.Equal(cluster.Id, tags["crdb:cluster-id"]);
        }

        var before = _log.VerboseLines.Count;
        Assert.Equal(
            CmekOutcome.Existing,
            (
                await provider.EnsureRoleAsync(new RoleRequest { Cluster = cluster, OrganizationId = "org-1" }, Context)
            ).Outcome
        );
        Assert.All(await provider.EnsureKeysAsync(Request(cluster, role, multiRegion), Context), k =>
            Assert.Equal(CmekOutcome.Existing, k.Outcome)
        );
        Assert.DoesNotContain(_log.VerboseLines.Skip(before), line =>
            line.Contains("Create", StringComparison.Ordinal)
            || line.Contains("Put", StringComparison.Ordinal)
            || line.Contains("Replicate", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_new_version_and_then_a_new_key_are_made_once_and_the_alias_moves()
    {
        var provider = await ProviderAsync();
        var cluster = Cluster("us-east-1");
        var role = await provider.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = "org-1" },
            Context
        );
        var key = (await provider.EnsureKeysAsync(Request(cluster, role, multiRegion: false), Context)).Single();
        RotationRequest Rotation(bool newKey, DateTimeOffset takenUp) =>
            new()
            {
                Cluster = cluster,
                NewKey = newKey,
                Regions =
                [
                    new CmekRegionInfo
                    {
                        Region = "us-east-1",
                        Status = "ENABLED",
                        Keys =
                        [
                            new CmekKeyInfo
                            {
                                KeyType = "AWS_KMS",
                                KeyUri = key.KeyUri,
                                AuthPrincipal = role.AuthPrincipal,
                                Status = "ENABLED",
                                CreatedAt = takenUp,
                            },
                        ],
                    },
                ],
            };
        using var kms = Kms("us-east-1");
        async Task<int> RotationsAsync() =>
            (await kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = key.KeyUri })).Rotations?.Count ?? 0;

        var takenUp = DateTimeOffset.UtcNow.AddMinutes(-1);
        Assert.Equal(key.KeyUri, (await provider.RotateKeysAsync(Rotation(false, takenUp), Context))!.Single().KeyUri);
        Assert.Equal(1, await RotationsAsync());
        await provider.RotateKeysAsync(Rotation(false, takenUp), Context);
        Assert.Equal(1, await RotationsAsync());

        var made = (await provider.RotateKeysAsync(Rotation(true, takenUp), Context))!;
        Assert.NotEqual(key.KeyUri, made.Single().KeyUri);
        Assert.Equal(made, (await provider.RotateKeysAsync(Rotation(true, takenUp), Context))!);
        await provider.SettleNewKeysAsync(cluster, made, Context);
        Assert.Equal(
            made.Single().KeyUri,
            (await kms.DescribeKeyAsync($"alias/crdb-cmek-{cluster.Id[^12..]}")).KeyMetadata.Arn
        );
        Assert.DoesNotContain(
            "crdb:replaces",
            (await kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = made.Single().KeyUri })).Tags.Select(
                t => t.TagKey
            )
        );
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Access_is_taken_and_given_back_so_that_policy_and_state_are_as_before(CmekRevocationMethod method)
    {
        var provider = await ProviderAsync();
        var cluster = Cluster("us-east-1", "us-west-2");
        var role = await provider.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = "org-1" },
            Context
        );
        var keys = await provider.EnsureKeysAsync(Request(cluster, role, multiRegion: false), Context);
        var request = new RevocationRequest
        {
            Cluster = cluster,
            Method = method,
            Keys =
            [
                .. keys.Select(k => new CmekRegionSpec
                {
                    Region = k.Region,
                    KeySpec = new CmekKeySpec
                    {
                        Type = k.KeyType,
                        Uri = k.KeyUri,
                        AuthPrincipal = k.AuthPrincipal,
                    },
                }),
            ],
        };
        var before = await StateAsync(keys);
        var plan = await provider.PlanRevocationAsync(request, Context);
        Assert.Equal(2, plan.Count);
        foreach (var change in plan)
            Assert.Equal(CmekAccessChangeState.Done, (await provider.RevokeAccessAsync(change, Context)).State);
        var revoked = await StateAsync(keys);
        for (var i = 0; i < keys.Count; i++)
            Assert.False(System.Text.Json.Nodes.JsonNode.DeepEquals(before[i], revoked[i]));
        if (method != CmekRevocationMethod.Deny)
        {
            // Of a Deny moto sees the actions and not the principal: while it stands, nobody may describe the key.
            Assert.All(await provider.PlanRevocationAsync(request, Context), c =>
                Assert.Equal(CmekAccessChangeState.Done, c.State)
            );
            Assert.Equal(2, (await provider.FindRevocationAsync(request, Context)).Count);
        }

        foreach (var change in plan)
            Assert.Equal(CmekAccessChangeState.Restored, (await provider.RestoreAccessAsync(change, Context)).State);
        var restored = await StateAsync(keys);
        for (var i = 0; i < keys.Count; i++)
            Assert.True(
                System.Text.Json.Nodes.JsonNode.DeepEquals(before[i], restored[i]),
                $"{before[i]}\nbecame\n{restored[i]}"
            );
    }

    /// <summary>Policy and state of each key, read with the vendor's own client; as JSON, since text may differ and mean the same.</summary>
    private async Task<List<System.Text.Json.Nodes.JsonNode>> StateAsync(IEnumerable<CmekKey> keys)
    {
        var states = new List<System.Text.Json.Nodes.JsonNode>();
        foreach (var key in keys)
        {
            using var kms = Kms(key.Location);
            var policy = (
                await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyUri, PolicyName = "default" })
            ).Policy;
            var state = policy.Contains("\"Deny\"", StringComparison.Ordinal)
                ? "denied"
                : (await kms.DescribeKeyAsync(key.KeyUri)).KeyMetadata.KeyState.Value;
            states.Add(
                new System.Text.Json.Nodes.JsonObject
                {
                    ["policy"] = System.Text.Json.Nodes.JsonNode.Parse(policy),
                    ["state"] = state,
                }
            );
        }

        return states;
    }

    [Fact]
    public async Task An_existing_key_is_granted_without_touching_what_its_policy_says()
    {
        var provider = await ProviderAsync();
        var cluster = Cluster("us-east-2");
        var role = await provider.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = "org-1" },
            Context
        );
        using var kms = Kms("us-east-2");
        var theirs = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "theirs" })).KeyMetadata;
        var before = KeyPolicyDocument.Parse(
            (
                await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = theirs.KeyId, PolicyName = "default" })
            ).Policy
        );
        var request = Request(cluster, role, false) with { KeyUris = [theirs.Arn] };
        Assert.Equal(
            nameof(Errors.KeyNotGranted),
            (await Assert.ThrowsAsync<CmekException>(() => provider.EnsureKeysAsync(request, Context))).ErrorId
        );

        Assert.Equal(
            CmekOutcome.Updated,
            Assert.Single(await provider.EnsureKeysAsync(request with { Grant = true }, Context)).Outcome
        );
        var after = KeyPolicyDocument.Parse(
            (
                await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = theirs.KeyId, PolicyName = "default" })
            ).Policy
        );
        Assert.True(after.IsEquivalentTo(before.WithGrant(role.AuthPrincipal)));
    }

    [Fact]
    public async Task A_wrong_secret_and_an_unknown_key_have_an_error_of_their_own()
    {
        await ProviderAsync();
        foreach (var (id, secret) in new[] { (moto.AccessKeyId, "another"), ("UNKNOWN", "another") })
        {
            var provider = new AwsKeyProvider(
                new AwsConnection
                {
                    Endpoint = moto.Endpoint,
                    AccessKeyId = id,
                    SecretAccessKey = new Secret(secret),
                }
            );
            var fault = await Assert.ThrowsAsync<CmekException>(() =>
                provider.EnsureRoleAsync(
                    new RoleRequest { Cluster = Cluster("us-east-1"), OrganizationId = "o" },
                    Context
                )
            );
            Assert.Equal(nameof(Errors.AwsCredentialsRefused), fault.ErrorId);
            Assert.DoesNotContain(secret, fault.ToString(), StringComparison.Ordinal);
        }
    }

    private async Task<AwsKeyProvider> ProviderAsync()
    {
        Assert.SkipWhen(moto.Endpoint is null, "moto_server is not on PATH.");
        await moto.ReadyAsync();
        return new AwsKeyProvider(
            new AwsConnection
            {
                Endpoint = moto.Endpoint,
                AccessKeyId = moto.AccessKeyId,
                SecretAccessKey = new Secret(moto.SecretAccessKey),
            }
        );
    }

    private AmazonKeyManagementServiceClient Kms(string region) =>
        new(
            new BasicAWSCredentials(moto.AccessKeyId, moto.SecretAccessKey),
            new AmazonKeyManagementServiceConfig
            {
                ServiceURL = moto.Endpoint!.ToString(),
                AuthenticationRegion = region,
            }
        );

    private static KeyRequest Request(CrdbCluster cluster, CmekRole role, bool multiRegion) =>
        new()
        {
            Cluster = cluster,
            AuthPrincipal = role.AuthPrincipal,
            Regions = [.. cluster.Regions.Select(r => r.Name)],
            MultiRegion = multiRegion,
        };

    private static CrdbCluster Cluster(params string[] regions) =>
        new()
        {
            Id = Guid.NewGuid().ToString(),
            Name = "moto",
            CloudProvider = "AWS",
            AccountId = "999999999999",
            Plan = "ADVANCED",
            State = "CREATED",
            Regions = [.. regions.Select(r => new CrdbRegion { Name = r, NodeCount = 3 })],
        };
}
