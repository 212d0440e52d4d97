using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>The drill on AWS: what would work now with these credentials.</summary>
public sealed class AwsDrillTests : IDisposable
{
    private const string Region = "eu-west-1";
    private const string Trust = """
        {"Version":"2012-10-17",
         "Statement":[{"Effect":"Allow","Principal":{"AWS":"200000000001"},"Action":"sts:AssumeRole"}]}
        """;

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Region, "us-east-1");

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task The_drill_passes_for_an_operator_who_is_allowed_everything()
    {
        var keys = await _world.KeysAsync(_cluster);
        using var operators = await AsRoleAsync("*");
        var drills = await DrillAsync(operators, keys);
        Assert.Equal(2 * new AwsCustomerCloud().RevocationMethods.Count, drills.Count);
        Assert.All(drills, d => Assert.True(d.Status == CmekCheckStatus.Pass, $"{d}: {d.Detail}"));
        Assert.Equal([CmekRevocationMethod.Deny], drills.Where(d => d.IsDefault).Select(d => d.Method).Distinct());
    }

    [Fact]
    public async Task The_drill_names_the_permission_that_is_missing_and_writes_nothing()
    {
        var keys = await _world.KeysAsync(_cluster);
        using var operators = await AsRoleAsync(
            "kms:Describe*",
            "kms:Get*",
            "kms:List*",
            "kms:DisableKey",
            "iam:Get*",
            "iam:List*"
        );
        var before = _world.Now;
        var drills = await DrillAsync(operators, keys);
        foreach (var drill in drills)
        {
            var expected =
                drill.Method == CmekRevocationMethod.DisableKey ? CmekCheckStatus.Pass : CmekCheckStatus.Fail;
            Assert.True(drill.Status == expected, $"{drill}: {drill.Detail}");
        }

        Assert.Contains(drills, d => d.Detail.Contains("kms:PutKeyPolicy", StringComparison.Ordinal));
        Assert.Contains(drills, d => d.Detail.Contains("iam:PutRolePolicy", StringComparison.Ordinal));
        Assert.Contains(drills, d => d.Detail.Contains("iam:UpdateAssumeRolePolicy", StringComparison.Ordinal));
        Assert.All(_world.OperationsSince(before), o => Assert.Matches("^(Get|List|Describe|Simulate|AssumeRole)", o));
    }

    [Fact]
    public async Task The_drill_does_not_claim_what_it_cannot_read()
    {
        var keys = await _world.KeysAsync(_cluster);
        using var operators = await AsRoleAsync("kms:*", "iam:PutRolePolicy", "iam:GetRolePolicy");
        var drills = await DrillAsync(operators, keys);
        Assert.DoesNotContain(drills, d => d.Status == CmekCheckStatus.Pass);
        Assert.Contains(drills, d => d.Remedy.Contains("iam:SimulatePrincipalPolicy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_simulator_tells_for_a_user_what_is_allowed_and_what_is_denied()
    {
        var keys = await _world.KeysAsync(_cluster);
        var before = _world.Now;
        var drills = await DrillAsync(_world.Provider, keys);
        Assert.All(drills, d => Assert.True(d.Status == CmekCheckStatus.Pass, $"{d}: {d.Detail}"));
        Assert.Contains("SimulatePrincipalPolicy", _world.OperationsSince(before));

        const string Deny = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:PutRolePolicy","Resource":"*"}]}
            """;
        await _world.IamAsync(
            "PutUserPolicy",
            ("UserName", "sandbox-admin"),
            ("PolicyName", "no"),
            ("PolicyDocument", Deny)
        );
        drills = await DrillAsync(_world.Provider, keys);
        Assert.All(drills, d =>
            Assert.Equal(
                d.Method is CmekRevocationMethod.DenyRole or CmekRevocationMethod.RemoveTrust
                    ? CmekCheckStatus.Fail
                    : CmekCheckStatus.Pass,
                d.Status
            )
        );
    }

    [Fact]
    public async Task Without_the_simulator_the_drill_says_what_it_needs()
    {
        var keys = await _world.KeysAsync(_cluster);
        var weak = await _world.AsUserAsync("kms:*", "iam:Get*", "iam:List*", "iam:PutRolePolicy", "sts:*");
        var drills = (await DrillAsync(weak, keys)).Where(d => d.Method == CmekRevocationMethod.DenyRole).ToList();
        Assert.All(drills, d => Assert.Equal(CmekCheckStatus.Unknown, d.Status));
        Assert.All(drills, d => Assert.Contains("the policies of arn:", d.Detail, StringComparison.Ordinal));
        Assert.All(drills, d => Assert.Contains("iam:SimulatePrincipalPolicy", d.Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_drill_finds_deleted_principals_which_stop_only_changes_of_the_policy()
    {
        var keys = await _world.KeysAsync(_cluster);
        await AddStaleAsync(keys[0].KeyUri);
        using var operators = await AsRoleAsync("*");
        var drills = (await DrillAsync(operators, keys)).Where(d => d.KeyUri == keys[0].KeyUri).ToList();
        Assert.Equal(CmekCheckStatus.Fail, drills.Single(d => d.Method == CmekRevocationMethod.Deny).Status);
        Assert.Contains(
            "AROA",
            drills.Single(d => d.Method == CmekRevocationMethod.Deny).Detail,
            StringComparison.Ordinal
        );
        Assert.Equal(CmekCheckStatus.Pass, drills.Single(d => d.Method == CmekRevocationMethod.DenyRole).Status);
        Assert.Equal(CmekCheckStatus.Pass, drills.Single(d => d.Method == CmekRevocationMethod.DisableKey).Status);
    }

    private async Task AddStaleAsync(string keyUri)
    {
        await _world.IamAsync("CreateRole", ("RoleName", "gone"), ("AssumeRolePolicyDocument", Trust));
        var arn = AwsKeyArn.Parse(keyUri);
        var policy = (await _world.PolicyAsync(keyUri)).With(
            KeyPolicyDocument.UseStatement("arn:aws:iam::200000000001:role/gone")
        );
        await _world
            .Kms(arn.Region)
            .PutKeyPolicyAsync(
                new PutKeyPolicyRequest
                {
                    KeyId = arn.KeyId,
                    PolicyName = "default",
                    Policy = policy
                        .ToCompactString()
                        .Replace(
                            "CMEK\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::200000000001:role/gone",
                            "gone\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::200000000001:role/gone"
                        ),
                }
            );
        await _world.IamAsync("DeleteRole", ("RoleName", "gone"));
    }

    private Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(AwsKeyProvider provider, IReadOnlyList<CmekKey> keys) =>
        provider.DrillAsync(AwsWorld.RevocationOf(keys), _world.Context);

    /// <summary>A provider with a session of a new role that is allowed some actions only.</summary>
    private async Task<AwsKeyProvider> AsRoleAsync(params string[] actions)
    {
        var policy = $$"""
            {"Version":"2012-10-17",
             "Statement":[{"Effect":"Allow","Action":["{{string.Join("\",\"", actions)}}"],"Resource":"*"}]}
            """;
        await _world.IamAsync("CreateRole", ("RoleName", "operators"), ("AssumeRolePolicyDocument", Trust));
        await _world.IamAsync(
            "PutRolePolicy",
            ("RoleName", "operators"),
            ("PolicyName", "some"),
            ("PolicyDocument", policy)
        );
        using var sts = new AmazonSecurityTokenServiceClient(
            new BasicAWSCredentials(_world.Server.Aws.AccessKeyId, _world.Server.Aws.SecretAccessKey),
            new AmazonSecurityTokenServiceConfig
            {
                ServiceURL = _world.Server.AwsEndpoint.ToString(),
                AuthenticationRegion = Region,
            }
        );
        var session = await sts.AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = "arn:aws:iam::200000000001:role/operators", RoleSessionName = "night" }
        );
        return new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = _world.Server.AwsEndpoint,
                AccessKeyId = session.Credentials.AccessKeyId,
                SecretAccessKey = new Secret(session.Credentials.SecretAccessKey),
                SessionToken = new Secret(session.Credentials.SessionToken),
            }
        );
    }
}
