using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Tests.Aws;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Usage;

/// <summary>Use and events of keys on AWS, against the sandbox's CloudTrail and KMS.</summary>
public sealed class AwsUsageTests : IDisposable
{
    private const string Name = "prod-eu-old";

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCloudClient _client;

    public AwsUsageTests() =>
        _client = new CrdbCloudClient(
            new CloudConnection(_world.Server.CloudEndpoint, new Secret(_world.Server.Cloud.AdminKey))
            {
                Time = _world.Context.Time,
                TimeScale = _world.Server.Clock.Scale,
            }
        );

    public void Dispose()
    {
        _client.Dispose();
        _world.Dispose();
    }

    [Fact]
    public async Task Uses_by_the_role_are_counted_and_the_last_one_is_named()
    {
        await PassAsync(days: 5);
        var line = Assert.Single(await ReadAsync());
        Assert.Equal(CmekUsageVerdict.Used, line.Verdict);
        Assert.Equal("Decrypt", line.LastOperation);
        Assert.InRange(line.Uses!.Value, 4, 40);
        Assert.Equal(0, line.Refused);
        Assert.False(line.UsesIsMinimum);
        Assert.Empty(line.OtherPrincipals);
        Assert.Matches("^[0-9a-f]{64}$", line.LastKeyMaterialId);
        Assert.True(line.IsRotationProven);
        Assert.Empty(line.Gaps);
        Assert.All(LookupEvents(), Assert.Empty);
    }

    [Fact]
    public async Task After_a_revocation_the_log_shows_a_refusal_and_the_wait_ends()
    {
        await PassAsync(days: 2);
        var (cluster, keys) = await KeysAsync();
        var request = new RevocationRequest { Cluster = cluster, Keys = keys };
        foreach (var change in await _world.Provider.PlanRevocationAsync(request, _world.Context))
            await _world.Provider.RevokeAccessAsync(change, _world.Context);
        await PassAsync(days: 2);
        var review = new UsageReview(_client);
        var line = Assert.Single(
            await review.WaitForSilenceAsync(
                cluster,
                _world.Provider,
                TimeSpan.FromDays(30),
                TimeSpan.FromHours(2),
                _world.Context
            )
        );
        Assert.Equal(CmekUsageVerdict.Refused, line.Verdict);
        Assert.Equal("AccessDenied", line.LastRefusal);
        Assert.True(line.LastRefused > line.LastUsed);
    }

    [Fact]
    public async Task A_rotation_that_the_cluster_did_not_switch_to_is_not_proven()
    {
        var (_, keys) = await KeysAsync();
        await _world.Kms("eu-west-1").RotateKeyOnDemandAsync(new() { KeyId = keys[0].KeyUri });
        await PassAsync(days: 3);
        Assert.False(Assert.Single(await ReadAsync()).IsRotationProven);
    }

    [Fact]
    public async Task Without_permission_the_verdict_is_unknown_and_the_gaps_name_what_is_missing()
    {
        await PassAsync(days: 1);
        var (cluster, _) = await KeysAsync();
        using var weak = await _world.AsUserAsync("kms:DescribeKey");
        var line = Assert.Single(
            await new UsageReview(_client).ReadAsync(cluster, weak, TimeSpan.FromDays(30), _world.Context)
        );
        Assert.Equal(CmekUsageVerdict.Unknown, line.Verdict);
        Assert.Null(line.Uses);
        Assert.Null(line.Refused);
        Assert.Contains(line.Gaps, g => g.Remedy.Contains("cloudtrail:LookupEvents", StringComparison.Ordinal));
        Assert.Contains(line.Gaps, g => g.Remedy.Contains("kms:GetKeyLastUsage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_name_who_rotated_and_disabled_a_key_and_older_rotations_come_from_KMS()
    {
        var (cluster, keys) = await KeysAsync();
        var id = keys[0].KeyUri;
        await _world.Kms("eu-west-1").RotateKeyOnDemandAsync(new() { KeyId = id });
        await _world
            .Kms("eu-west-1")
            .DisableKeyAsync(new Amazon.KeyManagementService.Model.DisableKeyRequest { KeyId = id });
        _world.Server.Clock.Advance(TimeSpan.FromHours(2));
        var request = new KeyEventsRequest
        {
            Cluster = cluster,
            Keys = keys,
            Since = _world.Context.Time.GetUtcNow().AddDays(-300),
        };
        var read = await _world.Provider.ReadEventsAsync(request, _world.Context);
        Assert.Equal(
            [KeyEventAction.Disabled, KeyEventAction.Rotated, KeyEventAction.Rotated],
            read.Events.Select(e => e.Action)
        );
        Assert.All(read.Events.Take(2), e => Assert.EndsWith(":user/sandbox-admin", e.Who, StringComparison.Ordinal));
        Assert.Equal("KMS", read.Events[2].Source);
        Assert.Contains(read.Gaps, g => g.Why.Contains("90 days", StringComparison.Ordinal));
    }

    /// <summary>What the botocore model says about the recorded calls of LookupEvents.</summary>
    private IEnumerable<IReadOnlyList<string>> LookupEvents() =>
        _world
            .Server.Exchanges.Where(e => AwsSandboxWorld.OperationOf(e.Request) == "LookupEvents")
            .SelectMany(e =>
                new[]
                {
                    Specifications
                        .Aws["cloudtrail"]
                        .CheckJson("LookupEvents", "input", System.Text.Encoding.UTF8.GetString(e.Request.Body)),
                    Specifications
                        .Aws["cloudtrail"]
                        .CheckJson("LookupEvents", "output", System.Text.Encoding.UTF8.GetString(e.Response!.Body)),
                }
            );

    private async Task<IReadOnlyList<CmekUsage>> ReadAsync()
    {
        var (cluster, _) = await KeysAsync();
        return await new UsageReview(_client).ReadAsync(
            cluster,
            _world.Provider,
            TimeSpan.FromDays(30),
            _world.Context with
            { }
        );
    }

    private async Task<(CrdbCluster Cluster, IReadOnlyList<CmekRegionSpec> Keys)> KeysAsync()
    {
        var id = _world.Server.Cloud.Clusters.Single(c => c.Name == Name).Id;
        var cluster = await _client.GetClusterAsync(id, _world.Context);
        return (cluster, (await _client.GetCmekAsync(cluster, _world.Context)).InForce());
    }

    /// <summary>Lets time pass, and the sandbox take the backups that come due.</summary>
    private async Task PassAsync(int days)
    {
        for (var day = 0; day < days; day++)
        {
            _world.Server.Clock.Advance(TimeSpan.FromDays(1));
            await KeysAsync();
        }

        _world.Server.Clock.Advance(TimeSpan.FromMinutes(20));
    }
}
