using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>The provider against moto, an AWS of somebody else, read back with the vendor's own client.</summary>
[Trait("Lane", "Slow")]
public sealed class MotoTests(MotoServer moto) : IClassFixture<MotoServer>, IAsyncLifetime
{
    private const double TimeScale = 600;

    private AwsWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(!moto.IsInstalled, "moto_server is not on PATH.");
        await moto.ReadyAsync();
        var time = new ScaledTimeProvider(TimeProvider.System, TimeScale);
        _world = new AwsWorld(moto.Endpoint!, moto.AccessKeyId, moto.SecretAccessKey, time);
    }

    public ValueTask DisposeAsync()
    {
        _world?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Role_and_keys_are_as_specified_and_a_second_run_writes_nothing(bool multiRegion)
    {
        var cluster = multiRegion
            ? AwsWorld.ClusterIn("eu-west-1", "eu-central-1")
            : AwsWorld.ClusterIn("us-east-1", "us-west-2");
        var role = await _world.RoleAsync(cluster);
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.Equal($"arn:aws:iam::123456789012:role/crdb-cmek-{cluster.Id[^12..]}", role.AuthPrincipal);

        var keys = await _world.KeysAsync(cluster, multiRegion);
        Assert.Equal(cluster.Regions.Select(r => r.Name), keys.Select(k => k.Location));
        Assert.Equal(multiRegion ? 1 : 2, keys.Select(k => AwsKeyArn.Parse(k.KeyUri).KeyId).Distinct().Count());
        foreach (var key in keys)
            await IsAsSpecifiedAsync(key, multiRegion);

        var before = _world.Log.VerboseLines.Count;
        Assert.Equal(CmekOutcome.Existing, (await _world.RoleAsync(cluster)).Outcome);
        Assert.All(await _world.KeysAsync(cluster, multiRegion), k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.All(_world.Log.VerboseLines.Skip(before), line =>
            Assert.Matches("^AWS (KMS|IAM|STS) (Describe|Get|List)", line)
        );
    }

    private async Task IsAsSpecifiedAsync(CmekKey key, bool multiRegion)
    {
        var described = await _world.DescribeAsync(key.Location, AwsWorld.AliasOf(key.Cluster));
        Assert.Equal(key.KeyUri, described.Arn);
        Assert.Equal("Enabled", described.KeyState.Value);
        Assert.Equal(multiRegion, described.MultiRegion);
        var policy = await _world.PolicyAsync(key.KeyUri);
        Assert.True(policy.Grants(key.AuthPrincipal));
        var access = await _world.Provider.ReadAccessAsync(
            new KeyAccessRequest { Cluster = key.Cluster, Spec = AwsWorld.SpecOf(key) },
            _world.Context
        );
        Assert.Equal(CmekAccessVerdict.Granted, access.Verdict);
        Assert.Empty(access.Wider);
        if (!multiRegion || key.IsPrimary) // moto keeps no tags of a replica
            Assert.Equal(key.ClusterId, (await _world.TagsAsync(key.KeyUri))["crdb:cluster-id"]);
    }

    [Fact]
    public async Task A_key_is_rotated_once_replaced_once_and_its_alias_moves()
    {
        var cluster = AwsWorld.ClusterIn("us-east-1");
        var keys = await _world.KeysAsync(cluster);
        var key = keys.Single();
        var version = AwsWorld.RotationOf(keys);
        for (var run = 1; run <= 2; run++)
        {
            var rotated = await _world.Provider.RotateKeysAsync(version, _world.Context);
            Assert.Equal(key.KeyUri, rotated!.Single().KeyUri);
            Assert.Equal(1, await _world.RotationsAsync(key.KeyUri));
        }

        var replacement = AwsWorld.RotationOf(keys, newKey: true);
        var created = (await _world.Provider.RotateKeysAsync(replacement, _world.Context))!;
        Assert.NotEqual(key.KeyUri, created.Single().KeyUri);
        Assert.Equal(created, (await _world.Provider.RotateKeysAsync(replacement, _world.Context))!);

        await _world.Provider.SettleNewKeysAsync(cluster, created, _world.Context);
        var named = await _world.DescribeAsync("us-east-1", AwsWorld.AliasOf(cluster));
        Assert.Equal(created.Single().KeyUri, named.Arn);
        Assert.DoesNotContain("crdb:replaces", (await _world.TagsAsync(named.Arn)).Keys);
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Revoking_and_restoring_leaves_policy_and_state_as_before(CmekRevocationMethod method)
    {
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1", "us-west-2"));
        var request = AwsWorld.RevocationOf(keys, method);
        var before = await StateAsync(keys);
        var plan = await _world.Provider.PlanRevocationAsync(request, _world.Context);
        Assert.Equal(2, plan.Count);
        foreach (var change in plan)
        {
            var revoked = await _world.Provider.RevokeAccessAsync(change, _world.Context);
            Assert.Equal(CmekAccessChangeState.Done, revoked.State);
        }

        Assert.All(before.Zip(await StateAsync(keys)), p => Assert.False(JsonNode.DeepEquals(p.First, p.Second)));
        // moto applies a Deny to everybody, whatever its principal: nobody can describe the key while it is there.
        if (method != CmekRevocationMethod.Deny)
        {
            var again = await _world.Provider.PlanRevocationAsync(request, _world.Context);
            Assert.All(again, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
            Assert.Equal(2, (await _world.Provider.FindRevocationAsync(request, _world.Context)).Count);
        }

        foreach (var change in plan)
        {
            var restored = await _world.Provider.RestoreAccessAsync(change, _world.Context);
            Assert.Equal(CmekAccessChangeState.Restored, restored.State);
        }

        Assert.All(before.Zip(await StateAsync(keys)), p =>
            Assert.True(JsonNode.DeepEquals(p.First, p.Second), $"{p.First}\nbecame\n{p.Second}")
        );
    }

    [Fact]
    public async Task An_imported_key_is_granted_on_request_and_keeps_the_rest_of_its_policy()
    {
        var role = await _world.RoleAsync(AwsWorld.ClusterIn("us-east-2"));
        var created = await _world.Kms("us-east-2").CreateKeyAsync(new CreateKeyRequest { Description = "theirs" });
        var arn = created.KeyMetadata.Arn;
        var before = await _world.PolicyAsync(arn);
        var request = AwsWorld.RequestFor(role) with { KeyUris = [arn] };
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.EnsureKeysAsync(request, _world.Context)
        );
        Assert.Equal(nameof(AwsErrors.KeyNotGranted), error.ErrorId);

        var granted = await _world.Provider.EnsureKeysAsync(request with { Grant = true }, _world.Context);
        Assert.Equal(CmekOutcome.Updated, Assert.Single(granted).Outcome);
        Assert.True((await _world.PolicyAsync(arn)).IsEquivalentTo(before.WithGrant(role.AuthPrincipal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refused_credentials_have_an_error_of_their_own_that_shows_no_secret(bool isKnown)
    {
        const string secret = "another";
        using var provider = _world.As(isKnown ? moto.AccessKeyId : "UNKNOWN", secret);
        var request = new Core.Keys.RoleRequest
        {
            Cluster = AwsWorld.ClusterIn("us-east-1"),
            OrganizationId = AwsWorld.OrganizationId,
        };
        var error = await Assert.ThrowsAsync<CmekException>(() => provider.EnsureRoleAsync(request, _world.Context));
        Assert.Equal(nameof(AwsErrors.AwsCredentialsRefused), error.ErrorId);
        Assert.DoesNotContain(secret, error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Policy and state of each key, as JSON.</summary>
    private async Task<List<JsonNode>> StateAsync(IEnumerable<CmekKey> keys)
    {
        var states = new List<JsonNode>();
        foreach (var key in keys)
        {
            var policy = (await _world.PolicyAsync(key.KeyUri)).ToCompactString();
            var state = policy.Contains("\"Deny\"", StringComparison.Ordinal)
                ? "denied"
                : (await _world.DescribeAsync(key.Location, key.KeyUri)).KeyState.Value;
            states.Add(new JsonObject { ["policy"] = JsonNode.Parse(policy), ["state"] = state });
        }

        return states;
    }
}
