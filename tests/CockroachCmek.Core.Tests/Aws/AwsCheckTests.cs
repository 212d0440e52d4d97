using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class AwsCheckTests : IDisposable
{
    private static readonly string[] OfAKey =
    [
        "KeyUsable",
        "KeyGranted",
        "KeyPolicyNarrow",
        "KeyPolicyCurrent",
        "SeparationOfDuties",
        "KeyOrigin",
        "KeyProtectionLevel",
        "KeyDeletionWindow",
        "KeyLocation",
        "VersionInUse",
        "RoleTrust",
    ];

    /// <summary>What reads everything that a check needs.</summary>
    private static readonly string[] Reads =
    [
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:ListGrants",
        "kms:ListKeyRotations",
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
    ];

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn("eu-west-1", "eu-central-1");

    [Fact]
    public async Task A_new_key_passes_every_check_and_is_only_read()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        var before = _world.Now;
        var checks = await CheckAsync(key);
        Assert.Equal(OfAKey, checks.Select(c => c.Check));
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Equal(
            [
                "DescribeKey",
                "GetKeyPolicy",
                "GetRole",
                "ListAttachedRolePolicies",
                "ListGrants",
                "ListKeyRotations",
                "ListRolePolicies",
            ],
            _world.OperationsSince(before).Order()
        );
    }

    [Fact]
    public async Task A_multi_region_key_has_a_replica_in_its_region()
    {
        var keys = await _world.KeysAsync(_cluster, multiRegion: true);
        foreach (var key in keys)
            Assert.Equal(CmekCheckStatus.Pass, Of(await CheckAsync(key), "KeyReplica").Status);
        var elsewhere = await CheckAsync(keys[0] with { Region = "eu-north-1" });
        Assert.Equal("ReplicaMissing", Of(elsewhere, "KeyReplica").ErrorId);
        Assert.Equal("KeyElsewhere", Of(elsewhere, "KeyLocation").ErrorId);
    }

    [Fact]
    public async Task The_role_is_read_once_for_all_regions()
    {
        var keys = await _world.KeysAsync(_cluster);
        var before = _world.Now;
        var context = _world.Context;
        await Task.WhenAll(keys.Select(k => _world.Provider.CheckKeyAsync(RequestFor(k), context)));
        Assert.Single(_world.OperationsSince(before), "GetRole");
    }

    [Theory]
    [InlineData("kms:DescribeKey", "KeyUsable", "KeyOrigin", "KeyProtectionLevel", "KeyDeletionWindow", "VersionInUse")]
    [InlineData("kms:GetKeyPolicy", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties", "KeyPolicyCurrent")]
    [InlineData("kms:ListGrants", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("kms:ListKeyRotations", "VersionInUse")]
    [InlineData("iam:GetRole", "RoleTrust", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("iam:ListRolePolicies", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("iam:GetRolePolicy", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("iam:ListAttachedRolePolicies", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("iam:GetPolicy", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    [InlineData("iam:GetPolicyVersion", "KeyGranted", "KeyPolicyNarrow", "SeparationOfDuties")]
    public async Task A_read_without_permission_is_unknown_names_the_permission_and_hides_no_other_check(
        string denied,
        params string[] unknown
    )
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        await AddPoliciesAsync();
        using var weak = await _world.AsUserAsync([.. Reads.Where(a => a != denied)]);
        var checks = await weak.CheckKeyAsync(RequestFor(key), _world.Context);
        Assert.Equal(OfAKey, checks.Select(c => c.Check));
        Assert.All(checks, c =>
            Assert.Equal(unknown.Contains(c.Check) ? CmekCheckStatus.Unknown : CmekCheckStatus.Pass, c.Status)
        );
        Assert.All(unknown, u => Assert.Contains(denied, Of(checks, u).Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_of_another_account_is_unknown_though_the_own_account_has_one_of_the_same_name()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        var foreign =
            "arn:aws:iam::333333333333" + RoleArn.Parse(key.AuthPrincipal).Text["arn:aws:iam::000000000000".Length..];
        var access = await _world.Provider.ReadAccessAsync(
            new KeyAccessRequest { Cluster = _cluster, Spec = AwsWorld.SpecOf(key with { AuthPrincipal = foreign }) },
            _world.Context
        );
        Assert.Contains(
            "credentials of account 333333333333",
            Assert.Single(access.Unread).ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(CmekAccessVerdict.NotGranted, access.Verdict);
    }

    [Fact]
    public async Task A_key_policy_that_may_not_be_read_makes_access_unknown_and_is_a_line_of_the_review()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        using var weak = await _world.AsUserAsync([.. Reads.Where(a => a != "kms:GetKeyPolicy")]);
        var request = new KeyAccessRequest { Cluster = _cluster, Spec = AwsWorld.SpecOf(key) };
        var access = await weak.ReadAccessAsync(request, _world.Context);
        Assert.Equal(CmekAccessVerdict.Unknown, access.Verdict);
        Assert.Equal("kms:GetKeyPolicy", Assert.Single(access.Unread).Permission);
        var line = Assert.Single(await weak.ReviewAccessAsync(request, _world.Context));
        Assert.Equal((CmekAccessVerdict.Unknown, "needs kms:GetKeyPolicy"), (line.Verdict, line.Condition));
    }

    /// <summary>An inline and a managed policy of the role that change nothing about the key.</summary>
    private async Task AddPoliciesAsync()
    {
        const string policy =
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}""";
        var role = AwsNames.Default(_cluster);
        await _world.IamAsync("PutRolePolicy", ("RoleName", role), ("PolicyName", "p"), ("PolicyDocument", policy));
        var created = await _world.IamAsync("CreatePolicy", ("PolicyName", "m"), ("PolicyDocument", policy));
        var arn = created.Descendants().Single(e => e.Name.LocalName == "Arn").Value;
        await _world.IamAsync("AttachRolePolicy", ("RoleName", role), ("PolicyArn", arn));
    }

    [Fact]
    public async Task A_key_that_is_not_there_fails_and_the_role_is_still_checked()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        var gone = key.KeyUri[..^12] + "000000000000";
        var checks = await CheckAsync(key with { KeyUri = gone });
        Assert.Equal(["KeyUsable", "RoleTrust"], checks.Select(c => c.Check));
        Assert.Equal((CmekCheckStatus.Fail, "KeyNotFound"), (checks[0].Status, checks[0].ErrorId));
        Assert.Equal(CmekCheckStatus.Pass, checks[1].Status);
    }

    [Fact]
    public async Task A_disabled_key_fails_as_present_and_as_past_key_though_it_is_granted()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        await _world.Kms(key.Location).DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyUri });
        var checks = await CheckAsync(key);
        Assert.Equal("KeyDisabled", Of(checks, "KeyUsable").ErrorId);
        Assert.Equal(CmekCheckStatus.Pass, Of(checks, "KeyGranted").Status);

        var past = Assert.Single(
            await _world.Provider.CheckKeyAsync(RequestFor(key) with { IsPast = true }, _world.Context)
        );
        Assert.Equal(("PastKeyUsable", CmekCheckStatus.Fail, "KeyDisabled"), (past.Check, past.Status, past.ErrorId));
    }

    [Fact]
    public async Task A_policy_that_is_too_wide_or_names_a_deleted_role_is_a_warning()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        var policy = (await _world.PolicyAsync(key.KeyUri))
            .ToCompactString()
            .Replace("\"kms:Encrypt\"", "\"kms:*\"", StringComparison.Ordinal);
        await _world
            .Kms(key.Location)
            .PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyUri, Policy = policy });
        Assert.Equal("KeyPolicyWide", Of(await CheckAsync(key), "KeyPolicyNarrow").ErrorId);

        await _world.IamAsync("DeleteRole", ("RoleName", AwsNames.Default(_cluster)));
        await _world.RoleAsync(_cluster);
        var checks = await CheckAsync(key);
        Assert.Equal("KeyPolicyStale", Of(checks, "KeyPolicyCurrent").ErrorId);
        var granted = Of(checks, "KeyGranted");
        Assert.Equal((CmekCheckStatus.Fail, "KeyNotGranted"), (granted.Status, granted.ErrorId));
        Assert.Contains("was deleted", granted.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_that_the_cluster_has_not_switched_to_is_a_warning()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        await _world.Kms(key.Location).RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = key.KeyUri });
        _world.Server.Clock.Advance(TimeSpan.FromHours(1));
        var checks = await _world.Provider.CheckKeyAsync(
            RequestFor(key) with
            {
                TakenUpAt = DateTimeOffset.UtcNow.AddDays(-1),
            },
            _world.Context
        );
        var version = Of(checks, "VersionInUse");
        Assert.Equal((CmekCheckStatus.Warning, "VersionNotTakenUp"), (version.Status, version.ErrorId));
    }

    [Fact]
    public async Task A_role_that_trusts_another_organization_fails_and_one_without_a_known_organization_is_unknown()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        var differs = Of(
            await _world.Provider.CheckKeyAsync(RequestFor(key) with { OrganizationId = "another" }, _world.Context),
            "RoleTrust"
        );
        Assert.Equal((CmekCheckStatus.Fail, "RoleDiffers"), (differs.Status, differs.ErrorId));
        var unknown = Of(
            await _world.Provider.CheckKeyAsync(RequestFor(key) with { OrganizationId = null }, _world.Context),
            "RoleTrust"
        );
        Assert.Equal(CmekCheckStatus.Unknown, unknown.Status);
        Assert.Contains("Connect-CrdbCloud -OrganizationId", unknown.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_that_was_stopped_has_no_result()
    {
        var key = (await _world.KeysAsync(_cluster))[0];
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _world.Provider.CheckKeyAsync(RequestFor(key), _world.Context with { CancellationToken = stop.Token })
        );
    }

    public void Dispose() => _world.Dispose();

    private Task<IReadOnlyList<CmekCheck>> CheckAsync(CmekKey key) =>
        _world.Provider.CheckKeyAsync(RequestFor(key), _world.Context);

    /// <summary>The cluster wraps with the key from now on.</summary>
    private static KeyCheckRequest RequestFor(CmekKey key) =>
        new()
        {
            Cluster = key.Cluster,
            OrganizationId = AwsWorld.OrganizationId,
            Spec = AwsWorld.SpecOf(key),
            TakenUpAt = DateTimeOffset.UtcNow,
        };

    private static CmekCheck Of(IEnumerable<CmekCheck> checks, string name) =>
        Assert.Single(checks, c => c.Check == name);
}
