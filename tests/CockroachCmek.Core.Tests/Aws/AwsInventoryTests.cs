using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>What is read of roles and keys that exist.</summary>
public sealed class AwsInventoryTests : IDisposable
{
    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn("eu-west-1", "eu-north-1");

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_role_is_found_by_its_default_name_with_whom_it_trusts()
    {
        Assert.Empty(await FindAsync());
        var made = await _world.RoleAsync(_cluster);
        var before = _world.Now;
        var role = Assert.Single(await FindAsync());
        Assert.Equal((made.AuthPrincipal, made.Name), (role.AuthPrincipal, role.Name));
        Assert.Equal((true, CmekOutcome.Existing), (role.IsTrustExact, role.Outcome));
        Assert.Equal(
            $"account {AwsWorld.ClusterAccount} with the organization's external id, and nobody else",
            role.Trust
        );
        Assert.NotNull(role.CreatedAt);
        Assert.Null(role.LastUsedAt);
        Assert.Equal(["GetRole"], _world.OperationsSince(before));

        Assert.Single(await FindAsync(principals: made.AuthPrincipal));
        Assert.Single(await FindAsync(name: made.Name, principals: "arn:aws:iam::100000000001:role/another"));
        Assert.Empty(await FindAsync(name: "another"));
    }

    [Fact]
    public async Task A_role_that_trusts_others_says_whom()
    {
        var role = await _world.RoleAsync(_cluster);
        await _world.IamAsync(
            "UpdateAssumeRolePolicy",
            ("RoleName", role.Name),
            (
                "PolicyDocument",
                $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
                 "Principal":{"AWS":["arn:aws:iam::{{AwsWorld.ClusterAccount}}:root","arn:aws:iam::300000000003:root"]},
                 "Condition":{"StringEquals":{"sts:ExternalId":"{{AwsWorld.OrganizationId}}"} } }]}
                """
            )
        );
        var found = Assert.Single(await FindAsync());
        Assert.False(found.IsTrustExact);
        Assert.Contains("it also trusts", found.Trust, StringComparison.Ordinal);
        Assert.Contains("300000000003", found.Trust, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_claimed_of_a_role_that_was_not_read()
    {
        var made = await _world.RoleAsync(_cluster);
        var unknown = Assert.Single(await FindAsync(organization: null));
        Assert.Null(unknown.IsTrustExact);
        Assert.StartsWith("not known: this API key", unknown.Trust, StringComparison.Ordinal);

        var elsewhere = made.AuthPrincipal.Replace(":role/", ":role/team/", StringComparison.Ordinal);
        var foreign = Assert.Single(await FindAsync(principals: elsewhere), r => r.AuthPrincipal == elsewhere);
        Assert.Null(foreign.IsTrustExact);
        Assert.Equal("not known: the role could not be read", foreign.Trust);
        Assert.Contains(_world.Log.Warnings, w => w.Contains(elsewhere, StringComparison.Ordinal));

        var weak = await _world.AsUserAsync("kms:*");
        var denied = await weak.FindRolesAsync(Search(principals: made.AuthPrincipal), _world.Context);
        Assert.Equal("not known: the role could not be read", Assert.Single(denied).Trust);
        var error = await Assert.ThrowsAsync<CmekException>(() => weak.FindRolesAsync(Search(), _world.Context));
        Assert.Equal("AwsPermissionDenied", error.ErrorId);
    }

    [Fact]
    public async Task A_key_has_its_alias_state_age_and_place()
    {
        var keys = await _world.KeysAsync(_cluster, multiRegion: true);
        var described = await Task.WhenAll(
            keys.Select(k => _world.Provider.DescribeKeyAsync(AwsWorld.SpecOf(k), _world.Context))
        );
        Assert.Equal(keys.Select(k => k.Location), described.Select(d => d.Location));
        Assert.All(described, d => Assert.Equal(AwsWorld.AliasOf(_cluster), d.Name));
        Assert.All(described, d => Assert.Equal("Enabled", d.State));
        Assert.All(described, d => Assert.NotNull(d.CreatedAt));
        Assert.Single(described, d => d.IsPrimary);

        var arn = AwsKeyArn.Parse(keys[0].KeyUri);
        await _world.Kms(arn.Region).DisableKeyAsync(arn.KeyId);
        Assert.Equal("Disabled", (await DescribeAsync(keys[0].KeyUri)).State);
        Assert.Equal("NotFound", (await DescribeAsync(keys[0].KeyUri[..^4] + "0000")).State);

        var weak = await _world.AsUserAsync("iam:*");
        var unread = await weak.DescribeKeyAsync(AwsWorld.SpecOf(keys[0]), _world.Context);
        Assert.Equal(("", CmekKeyOrigin.Unknown), (unread.State, unread.Origin.Kind));

        Task<KeyDescription> DescribeAsync(string uri) =>
            _world.Provider.DescribeKeyAsync(
                CmekRegionSpec.Create("eu-west-1", "AWS_KMS", uri, keys[0].AuthPrincipal),
                _world.Context
            );
    }

    private RoleSearch Search(
        string? name = null,
        string? organization = AwsWorld.OrganizationId,
        params string[] principals
    ) =>
        new()
        {
            Cluster = _cluster,
            OrganizationId = organization,
            Name = name,
            AuthPrincipals = principals,
        };

    private Task<IReadOnlyList<CmekRole>> FindAsync(
        string? name = null,
        string? organization = AwsWorld.OrganizationId,
        params string[] principals
    ) => _world.Provider.FindRolesAsync(Search(name, organization, principals), _world.Context);
}
