using System.Text.Json;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>KMS grants, which let a role use a key whatever the key policy says.</summary>
public sealed class AwsGrantRemovalTests : IDisposable
{
    private const string Region = "eu-west-1";
    private const string Account = "200000000001";

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Region);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Grants_to_the_role_are_revoked_with_the_statement_and_equal_ones_are_created_again()
    {
        var key = await KeyAsync();
        await GrantToOthersAsync(key, 60);
        await GrantAsync(key, g => (g.Name, g.RetiringPrincipal) = ("nightly", $"arn:aws:iam::{Account}:root"));
        await GrantAsync(key, g =>
            g.Constraints = new GrantConstraints { EncryptionContextSubset = new() { ["store"] = "1" } }
        );
        var (before, policy) = (await GrantsAsync(key), await _world.PolicyAsync(key.KeyUri));

        var done = await RevokeAsync(await PlanAsync(key));
        Assert.Equal(["KeyPolicyGrant", "KmsGrant", "KmsGrant"], done.Select(c => c.Kind));
        Assert.Equal(60, (await GrantsAsync(key)).Count);
        Assert.Equal(CmekAccessVerdict.NotGranted, await VerdictAsync(key));

        // A record is a file: its changes are verified before they are used.
        var recorded = done.Select(c => new AwsCustomerCloud().VerifyChange(c, _cluster, [AwsWorld.SpecOf(key)]));
        foreach (var change in recorded.Concat(done))
            Assert.Equal(
                CmekAccessChangeState.Restored,
                (await _world.Provider.RestoreAccessAsync(change, _world.Context)).State
            );
        Assert.Equal(before, await GrantsAsync(key));
        Assert.True(policy.IsEquivalentTo(await _world.PolicyAsync(key.KeyUri)));
        Assert.Equal(CmekAccessVerdict.Granted, await VerdictAsync(key));
    }

    [Fact]
    public async Task A_role_that_only_KMS_grants_name_gets_no_statement_when_access_is_restored()
    {
        var key = await KeyAsync();
        var (statement, _) = (Assert.Single(await PlanAsync(key)), await GrantAsync(key));
        await _world.Provider.RevokeAccessAsync(statement, _world.Context);
        var policy = await _world.PolicyAsync(key.KeyUri);

        var done = await RevokeAsync(await PlanAsync(key));
        Assert.Equal("KmsGrant", Assert.Single(done).Kind);
        Assert.Contains("another id", done[0].Action, StringComparison.Ordinal);
        await _world.Provider.RestoreAccessAsync(done[0], _world.Context);
        Assert.Single(await GrantsAsync(key));
        Assert.True(policy.IsEquivalentTo(await _world.PolicyAsync(key.KeyUri)));
    }

    [Fact]
    public async Task A_grant_that_was_never_revoked_is_not_created_twice()
    {
        var key = await KeyAsync();
        await GrantAsync(key);
        var planned = (await PlanAsync(key)).Single(c => c.Kind == "KmsGrant");
        await _world.Provider.RestoreAccessAsync(planned, _world.Context);
        Assert.Single(await GrantsAsync(key));
    }

    [Fact]
    public async Task A_grant_to_the_whole_account_is_not_taken_and_is_named_with_the_command_that_removes_it()
    {
        var key = await KeyAsync();
        var id = await GrantAsync(key, g => g.GranteePrincipal = $"arn:aws:iam::{Account}:root");
        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(key));
        Assert.Equal(nameof(AwsErrors.GrantNotRemovable), error.ErrorId);
        Assert.Contains($"revoke-grant --region {Region}", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains(id, error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_that_allows_more_than_the_use_is_refused_because_it_could_not_be_put_back()
    {
        var key = await KeyAsync();
        await GrantAsync(key, g => g.Operations = ["Decrypt", "CreateGrant"]);
        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(key));
        Assert.Equal(nameof(AwsErrors.GrantNotRestorable), error.ErrorId);
        Assert.Contains("CreateGrant", error.Message, StringComparison.Ordinal);
        Assert.Single(await GrantsAsync(key));
    }

    [Fact]
    public async Task A_retiring_principal_that_was_deleted_is_named_and_not_put_back()
    {
        const string Trust = """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}""";
        await _world.IamAsync("CreateRole", ("RoleName", "gone"), ("AssumeRolePolicyDocument", Trust));
        var key = await KeyAsync();
        _world.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        await GrantAsync(key, g => g.RetiringPrincipal = $"arn:aws:iam::{Account}:role/gone");
        await _world.IamAsync("DeleteRole", ("RoleName", "gone"));

        var done = await RevokeAsync(await PlanAsync(key));
        Assert.Contains(_world.Log.Warnings, w => w.Contains("no retiring principal", StringComparison.Ordinal));
        foreach (var change in done)
            await _world.Provider.RestoreAccessAsync(change, _world.Context);
        Assert.DoesNotContain("AROA", Assert.Single(await GrantsAsync(key)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_lost_response_revokes_and_creates_each_grant_once(FaultAction fault)
    {
        var key = await KeyAsync();
        await GrantAsync(key);
        var before = await GrantsAsync(key);
        foreach (var operation in new[] { "RevokeGrant", "CreateGrant" })
            _world.Server.Faults.Add(new FaultRule { Action = fault, Pattern = $@"TrentService\.{operation} " });
        foreach (var change in await RevokeAsync(await PlanAsync(key)))
        {
            Assert.DoesNotContain(change.Target, string.Join(" ", await GrantsAsync(key)), StringComparison.Ordinal);
            await _world.Provider.RestoreAccessAsync(change, _world.Context);
        }

        Assert.Equal(before, await GrantsAsync(key));
        Assert.Equal(2, _world.Server.Exchanges.Count(e => e.Fault == fault));
    }

    [Fact]
    public async Task The_drill_asks_for_the_permission_to_revoke_grants()
    {
        var key = await KeyAsync();
        await GrantAsync(key);
        var weak = await _world.AsUserAsync(
            "kms:Describe*",
            "kms:Get*",
            "kms:List*",
            "kms:PutKeyPolicy",
            "iam:Get*",
            "iam:List*",
            "iam:SimulatePrincipalPolicy",
            "sts:*"
        );
        var request = AwsWorld.RevocationOf([key], CmekRevocationMethod.RemoveGrant);
        var drill = Assert.Single(await weak.DrillAsync(request, _world.Context));
        Assert.Equal(CmekCheckStatus.Unknown, drill.Status);
        Assert.Contains("kms:RevokeGrant", drill.Detail, StringComparison.Ordinal);
        drill = Assert.Single(await _world.Provider.DrillAsync(request, _world.Context));
        Assert.Equal(CmekCheckStatus.Pass, drill.Status);
    }

    private async Task<CmekKey> KeyAsync()
    {
        var keys = await _world.KeysAsync(_cluster);
        _world.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        return keys[0];
    }

    private async Task<string> GrantAsync(CmekKey key, Action<CreateGrantRequest>? change = null)
    {
        var request = new CreateGrantRequest
        {
            KeyId = key.KeyUri,
            GranteePrincipal = key.AuthPrincipal,
            Operations = ["Decrypt", "Encrypt", "DescribeKey"],
        };
        change?.Invoke(request);
        return (await _world.Kms(Region).CreateGrantAsync(request)).GrantId;
    }

    private async Task GrantToOthersAsync(CmekKey key, int count)
    {
        for (var i = 0; i < count; i++)
            await GrantAsync(key, g =>
                (g.Name, g.GranteePrincipal) = ($"other-{i}", $"arn:aws:iam::{Account}:user/sandbox-admin")
            );
    }

    private Task<IReadOnlyList<CmekAccessChange>> PlanAsync(CmekKey key) =>
        _world.Provider.PlanRevocationAsync(
            AwsWorld.RevocationOf([key], CmekRevocationMethod.RemoveGrant),
            _world.Context
        );

    private async Task<IReadOnlyList<CmekAccessChange>> RevokeAsync(IReadOnlyList<CmekAccessChange> plan)
    {
        var done = new List<CmekAccessChange>();
        foreach (var change in plan)
            done.Add(await _world.Provider.RevokeAccessAsync(change, _world.Context));
        return done;
    }

    private async Task<CmekAccessVerdict> VerdictAsync(CmekKey key) =>
        (
            await _world.Provider.ReadAccessAsync(
                new KeyAccessRequest { Cluster = _cluster, Spec = AwsWorld.SpecOf(key) },
                _world.Context
            )
        ).Verdict;

    /// <summary>Every grant, without its id and its date.</summary>
    private async Task<IReadOnlyList<string>> GrantsAsync(CmekKey key)
    {
        var lines = new List<string>();
        string? marker = null;
        do
        {
            var page = await _world
                .Kms(Region)
                .ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyUri, Marker = marker });
            lines.AddRange(
                (page.Grants ?? []).Select(g =>
                    $"{g.Name} {g.GranteePrincipal} {g.RetiringPrincipal} {string.Join(",", g.Operations)} "
                    + JsonSerializer.Serialize(g.Constraints?.EncryptionContextSubset)
                )
            );
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return [.. lines.Order(StringComparer.Ordinal)];
    }
}
