using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Revocation on AWS, on the role and in key policies, and the way back.</summary>
public sealed class AwsRevocationTests : IDisposable
{
    private const string Region = "eu-west-1";

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Region, "us-east-1");

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(CmekRevocationMethod.DenyRole)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    public async Task Access_is_cut_on_the_role_and_given_back_exactly(CmekRevocationMethod method)
    {
        var keys = await _world.KeysAsync(_cluster);
        var before = await RoleAsync();
        var done = await RevokeAsync(keys, method);
        Assert.All(done, c => Assert.Equal(keys[0].AuthPrincipal, c.Target));
        Assert.NotEqual(before, await RoleAsync());
        if (method == CmekRevocationMethod.DenyRole)
            Assert.All(await VerdictsAsync(keys), v => Assert.Equal(CmekAccessVerdict.Denied, v));

        await RestoreAsync(done);
        Assert.Equal(before, await RoleAsync());
        Assert.All(await VerdictsAsync(keys), v => Assert.Equal(CmekAccessVerdict.Granted, v));
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.DenyRole)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Without_a_record_the_cloud_shows_what_to_undo(CmekRevocationMethod method)
    {
        var keys = await _world.KeysAsync(_cluster);
        var before = await RoleAsync();
        await RevokeAsync(keys, method);
        // Another text of the same id, as a file or a person may have it.
        var request = AwsWorld.RevocationOf(keys) with
        {
            Cluster = _cluster with { Id = _cluster.Id.ToUpperInvariant() },
        };
        var found = await _world.Provider.FindRevocationAsync(request, _world.Context);
        Assert.NotEmpty(found);
        await RestoreAsync(found);
        Assert.Empty(await _world.Provider.FindRevocationAsync(request, _world.Context));
        Assert.Equal(before, await RoleAsync());
        Assert.All(await VerdictsAsync(keys), v => Assert.Equal(CmekAccessVerdict.Granted, v));
    }

    [Fact]
    public async Task A_scheduled_deletion_is_found_and_cancelled()
    {
        var keys = await _world.KeysAsync(_cluster);
        var arn = AwsKeyArn.Parse(keys[0].KeyUri);
        await _world
            .Kms(arn.Region)
            .ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = arn.KeyId, PendingWindowInDays = 7 });
        var found = await _world.Provider.FindRevocationAsync(AwsWorld.RevocationOf(keys), _world.Context);
        Assert.Equal("KeyDeletion", Assert.Single(found).Kind);
        await RestoreAsync(found);
        Assert.Equal("Enabled", (await _world.DescribeAsync(arn.Region, arn.KeyId)).KeyState.Value);
    }

    [Fact]
    public async Task A_key_policy_that_cannot_be_read_does_not_stop_the_methods_that_do_not_need_it()
    {
        var keys = await _world.KeysAsync(_cluster);
        var weak = await _world.AsUserAsync(
            "kms:DescribeKey",
            "kms:DisableKey",
            "iam:PutRolePolicy",
            "iam:GetRolePolicy",
            "sts:GetCallerIdentity"
        );
        foreach (var method in new[] { CmekRevocationMethod.DenyRole, CmekRevocationMethod.DisableKey })
        {
            var plan = await weak.PlanRevocationAsync(AwsWorld.RevocationOf(keys, method), _world.Context);
            Assert.Equal(2, plan.Count);
            Assert.Equal(CmekAccessChangeState.Done, (await weak.RevokeAccessAsync(plan[0], _world.Context)).State);
        }

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            weak.PlanRevocationAsync(AwsWorld.RevocationOf(keys, CmekRevocationMethod.Deny), _world.Context)
        );
        Assert.Equal(CmekErrorKind.PermissionDenied, error.Kind);
    }

    [Fact]
    public async Task A_role_of_another_account_is_not_mistaken_for_one_of_the_same_name()
    {
        var keys = await _world.KeysAsync(_cluster);
        var name = keys[0].AuthPrincipal.Split('/')[^1];
        var foreign = new RevocationRequest
        {
            Cluster = _cluster,
            Keys = [CmekRegionSpec.Create(Region, "AWS_KMS", keys[0].KeyUri, $"arn:aws:iam::300000000003:role/{name}")],
            Method = CmekRevocationMethod.DenyRole,
        };
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.PlanRevocationAsync(foreign, _world.Context)
        );
        Assert.Equal(nameof(AwsErrors.RoleOfAnotherAccount), error.ErrorId);
        Assert.Equal(CmekErrorKind.PermissionDenied, error.Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KMS_shows_the_keys_of_a_cluster_in_every_region(bool revoked)
    {
        var keys = await _world.KeysAsync(_cluster);
        var other = await _world.KeysAsync(AwsWorld.ClusterIn(Region));
        // The old key of a rotation has no alias any more.
        var created = await _world.Provider.RotateKeysAsync(AwsWorld.RotationOf(keys, newKey: true), _world.Context);
        await _world.Provider.SettleNewKeysAsync(_cluster, created!, _world.Context);
        if (revoked)
            await RevokeAsync(keys, CmekRevocationMethod.RemoveGrant);
        var found = (await _world.Provider.FindKeysAsync(_cluster, _world.Context)).Keys;
        Assert.Equal(
            keys.Select(k => k.KeyUri).Concat(created!.Select(c => c.KeyUri)).Order(),
            found.Select(f => f.KeyUri).Order()
        );
        Assert.All(found, f => Assert.Equal(keys[0].AuthPrincipal, f.AuthPrincipal));
        Assert.DoesNotContain(other[0].KeyUri, found.Select(f => f.KeyUri));
    }

    [Fact]
    public async Task A_key_and_its_role_are_marked_for_their_cluster()
    {
        var key = AwsWorld.SpecOf((await _world.KeysAsync(_cluster))[0]);
        var marks = await _world.Provider.ReadMarksAsync(key, _world.Context);
        Assert.Equal((3, 0), (marks.Found.Count, marks.Unread.Count));
        Assert.All(marks.Found, m => Assert.True(m.IsOf(_cluster) && !m.IsOf(AwsWorld.ClusterIn(Region)), $"{m}"));
        var weak = await _world.AsUserAsync("kms:DescribeKey");
        var named = await weak.ReadMarksAsync(key, _world.Context);
        Assert.Single(named.Found);
        Assert.Equal(["iam:GetRole", "kms:ListResourceTags"], named.Unread.Select(u => u.Permission));
    }

    [Fact]
    public async Task A_replica_in_a_region_without_nodes_is_found_too()
    {
        var keys = await _world.KeysAsync(_cluster, multiRegion: true);
        var smaller = _cluster with { Regions = [_cluster.Regions[0]] };
        var found = (await _world.Provider.FindKeysAsync(smaller, _world.Context)).Keys;
        Assert.Equal(keys.Select(k => k.KeyUri).Order(), found.Select(f => f.KeyUri).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_replicas_of_a_key_in_other_regions_are_its_copies(bool isPrimaryUsed)
    {
        var keys = await _world.KeysAsync(_cluster, multiRegion: true);
        var used = keys.Single(k => k.IsPrimary == isPrimaryUsed);
        var other = keys.Single(k => k.IsPrimary != isPrimaryUsed);
        var single = await _world.KeysAsync(AwsWorld.ClusterIn(Region));
        CmekRegionSpec[] specs = [AwsWorld.SpecOf(used), AwsWorld.SpecOf(single[0])];
        var copy = Assert.Single(await _world.Provider.FindCopiesAsync(specs, _world.Context));
        Assert.Equal((other.KeyUri, other.Region), (copy.KeyUri, copy.Region));
        Assert.Empty(await _world.Provider.FindCopiesAsync([.. keys.Select(AwsWorld.SpecOf)], _world.Context));
        foreach (var method in new[] { CmekRevocationMethod.Deny, CmekRevocationMethod.DisableKey })
        {
            var request = AwsWorld.RevocationOf([used], method) with { Keys = [copy] };
            var change = Assert.Single(await _world.Provider.PlanRevocationAsync(request, _world.Context));
            Assert.Equal((other.KeyUri, other.Region), (change.Target, Assert.Single(change.Regions)));
        }
    }

    [Fact]
    public async Task Replicas_that_cannot_be_known_are_a_warning()
    {
        var keys = await _world.KeysAsync(_cluster, multiRegion: true);
        var weak = await _world.AsUserAsync("kms:PutKeyPolicy");
        Assert.Empty(await weak.FindCopiesAsync([AwsWorld.SpecOf(keys[0])], _world.Context));
        Assert.Contains(_world.Log.Warnings, w => w.Contains("not known whether", StringComparison.Ordinal));
    }

    private async Task<IReadOnlyList<CmekAccessChange>> RevokeAsync(
        IReadOnlyList<CmekKey> keys,
        CmekRevocationMethod method
    )
    {
        var done = new List<CmekAccessChange>();
        foreach (
            var change in await _world.Provider.PlanRevocationAsync(AwsWorld.RevocationOf(keys, method), _world.Context)
        )
            done.Add(await _world.Provider.RevokeAccessAsync(change, _world.Context));
        var again = await _world.Provider.PlanRevocationAsync(AwsWorld.RevocationOf(keys, method), _world.Context);
        if (method != CmekRevocationMethod.RemoveTrust)
            Assert.All(again, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        return done;
    }

    private async Task RestoreAsync(IReadOnlyList<CmekAccessChange> changes)
    {
        foreach (var change in changes)
            Assert.Equal(
                CmekAccessChangeState.Restored,
                (await _world.Provider.RestoreAccessAsync(change, _world.Context)).State
            );
    }

    private async Task<IReadOnlyList<CmekAccessVerdict>> VerdictsAsync(IReadOnlyList<CmekKey> keys)
    {
        var verdicts = new List<CmekAccessVerdict>();
        foreach (var key in keys)
            verdicts.Add(
                (
                    await _world.Provider.ReadAccessAsync(
                        new KeyAccessRequest { Cluster = _cluster, Spec = AwsWorld.SpecOf(key) },
                        _world.Context
                    )
                ).Verdict
            );
        return verdicts;
    }

    /// <summary>The role's trust policy and inline policies, as text.</summary>
    private async Task<string> RoleAsync()
    {
        var name = AwsNames.Default(_cluster);
        var role = await _world.IamAsync("GetRole", ("RoleName", name));
        var policies = await _world.IamAsync("ListRolePolicies", ("RoleName", name));
        string Value(string field) => role.Descendants().First(e => e.Name.LocalName == field).Value;
        return Value("AssumeRolePolicyDocument")
            + string.Join(",", policies.Descendants().Where(e => e.Name.LocalName == "member").Select(e => e.Value));
    }
}
