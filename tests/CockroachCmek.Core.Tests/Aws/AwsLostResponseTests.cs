using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// Every write to AWS, with its response lost before or after it was processed: the same run settles it, and AWS ends
/// as after a run that lost nothing.
/// </summary>
public sealed class AwsLostResponseTests
{
    private static readonly string[] Regions = ["eu-west-1", "eu-central-1"];

    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Regions);

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Creating_the_role_and_a_key_in_each_region(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["CreateRole", "CreateKey", "CreateAlias"],
            _ => Task.FromResult(true),
            (world, _) => world.KeysAsync(_cluster)
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Creating_a_multi_region_key_that_AWS_rotates(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["CreateKey", "ReplicateKey", "CreateAlias", "EnableKeyRotation"],
            world => world.RoleAsync(_cluster),
            (world, role) =>
                world.Provider.EnsureKeysAsync(
                    AwsWorld.RequestFor(role, multiRegion: true) with
                    {
                        RotationPeriodInDays = 100,
                    },
                    world.Context
                )
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Updating_a_role_that_differs(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["UpdateAssumeRolePolicy", "TagRole"],
            world => world.RoleAsync(_cluster, organizationId: "another"),
            (world, _) => world.RoleAsync(_cluster, update: true)
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Granting_an_imported_key(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["PutKeyPolicy"],
            async world =>
            {
                var role = await world.RoleAsync(_cluster);
                var key = await world.Kms("eu-west-1").CreateKeyAsync(new CreateKeyRequest());
                return AwsWorld.RequestFor(role) with { KeyUris = [key.KeyMetadata.Arn], Grant = true };
            },
            (world, request) => world.Provider.EnsureKeysAsync(request, world.Context)
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Adding_a_region_to_a_multi_region_key(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["ReplicateKey", "CreateAlias"],
            world => world.KeysAsync(_cluster, multiRegion: true),
            (world, keys) =>
            {
                var larger = _cluster with
                {
                    Regions = [.. _cluster.Regions, new CrdbRegion { Name = "eu-north-1", NodeCount = 3 }],
                };
                var request = new KeyRequest
                {
                    Cluster = larger,
                    AuthPrincipal = keys[0].AuthPrincipal,
                    Regions = ["eu-north-1"],
                    Like = AwsWorld.SpecOf(keys[0]),
                };
                return world.Provider.EnsureKeysAsync(request, world.Context);
            }
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Rotating_on_demand(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["RotateKeyOnDemand"],
            world => world.KeysAsync(_cluster),
            (world, keys) => world.Provider.RotateKeysAsync(AwsWorld.RotationOf(keys), world.Context)
        );

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public Task Replacing_a_multi_region_key_and_moving_its_aliases(FaultAction fault) =>
        VerifyAsync(
            fault,
            ["CreateKey", "EnableKeyRotation", "ReplicateKey", "UpdateAlias", "UntagResource"],
            async world =>
            {
                var keys = await world.KeysAsync(_cluster, multiRegion: true);
                var primary = AwsKeyArn.Parse(keys.Single(k => k.IsPrimary).KeyUri);
                await world
                    .Kms(primary.Region)
                    .EnableKeyRotationAsync(
                        new EnableKeyRotationRequest { KeyId = primary.KeyId, RotationPeriodInDays = 200 }
                    );
                return keys;
            },
            async (world, keys) =>
            {
                var rotation = AwsWorld.RotationOf(keys, newKey: true);
                var created = await world.Provider.RotateKeysAsync(rotation, world.Context);
                await world.Provider.SettleNewKeysAsync(_cluster, created!, world.Context);
                return true;
            }
        );

    [Theory]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.Deny, "PutKeyPolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.Deny, "PutKeyPolicy")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.RemoveGrant, "PutKeyPolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.RemoveGrant, "PutKeyPolicy")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.DisableKey, "DisableKey")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.DisableKey, "DisableKey")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.DenyRole, "PutRolePolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.DenyRole, "PutRolePolicy")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.RemoveTrust, "UpdateAssumeRolePolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.RemoveTrust, "UpdateAssumeRolePolicy")]
    public Task Revoking_access(FaultAction fault, CmekRevocationMethod method, string operation) =>
        VerifyAsync(
            fault,
            [operation],
            world => world.KeysAsync(_cluster),
            async (world, keys) =>
            {
                foreach (var change in await PlanAsync(world, keys, method))
                    await world.Provider.RevokeAccessAsync(change, world.Context);
                return true;
            }
        );

    [Theory]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.Deny, "PutKeyPolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.RemoveGrant, "PutKeyPolicy")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.DisableKey, "EnableKey")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.DisableKey, "EnableKey")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.DenyRole, "DeleteRolePolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.DenyRole, "DeleteRolePolicy")]
    [InlineData(FaultAction.CutBefore, CmekRevocationMethod.RemoveTrust, "UpdateAssumeRolePolicy")]
    [InlineData(FaultAction.CutAfter, CmekRevocationMethod.RemoveTrust, "DeleteRolePolicy")]
    public Task Restoring_access(FaultAction fault, CmekRevocationMethod method, string operation) =>
        VerifyAsync(
            fault,
            [operation],
            async world =>
            {
                var plan = await PlanAsync(world, await world.KeysAsync(_cluster), method);
                foreach (var change in plan)
                    await world.Provider.RevokeAccessAsync(change, world.Context);
                return plan;
            },
            async (world, plan) =>
            {
                foreach (var change in plan)
                    await world.Provider.RestoreAccessAsync(change, world.Context);
                return true;
            }
        );

    private static Task<IReadOnlyList<CmekAccessChange>> PlanAsync(
        AwsSandboxWorld world,
        IReadOnlyList<CmekKey> keys,
        CmekRevocationMethod method
    ) => world.Provider.PlanRevocationAsync(AwsWorld.RevocationOf(keys, method), world.Context);

    /// <summary>Prepares once, then runs the write once for each of its requests, from the same state.</summary>
    /// <param name="operations">The operations that the write sends.</param>
    private async Task VerifyAsync<TPrepared, TResult>(
        FaultAction fault,
        string[] operations,
        Func<AwsSandboxWorld, Task<TPrepared>> prepare,
        Func<AwsSandboxWorld, TPrepared, Task<TResult>> write
    )
    {
        using var world = AwsSandboxWorld.Start();
        var prepared = await prepare(world);
        var snapshot = world.Server.Save();
        var before = world.Now;
        await write(world, prepared);
        var sent = world.OperationsSince(before);
        var expected = await StateAsync(world);

        foreach (var operation in operations)
        {
            Assert.Contains(operation, sent);
            for (var occurrence = 0; occurrence < sent.Count(o => o == operation); occurrence++)
            {
                world.Server.Load(snapshot);
                world.Server.Faults.Clear();
                world.Server.Faults.Add(
                    new FaultRule
                    {
                        Action = fault,
                        Pattern = $@"TrentService\.{operation} |Action={operation}(&|$)",
                        Skip = occurrence,
                    }
                );
                before = world.Now;
                await write(world, prepared);
                Assert.Contains(world.Server.Exchanges, e => e.Request.Index > before && e.Fault == fault);
                Assert.Equal(expected, await StateAsync(world));
            }
        }
    }

    /// <summary>The cluster's role and every key of the account, without ids, which differ from run to run.</summary>
    private async Task<IReadOnlyList<string>> StateAsync(AwsSandboxWorld world)
    {
        var lines = new List<string>();
        var role = await world.IamAsync("GetRole", ("RoleName", AwsNames.Default(_cluster)));
        lines.AddRange(
            role.Descendants()
                .Where(e => e.Name.LocalName is "AssumeRolePolicyDocument" or "Key" or "Value")
                .Select(e => $"role: {e.Value}")
        );
        foreach (var region in Regions.Append("eu-north-1"))
            lines.AddRange(await KeysAsync(world, region));
        return lines;
    }

    private static async Task<IReadOnlyList<string>> KeysAsync(AwsSandboxWorld world, string region)
    {
        var kms = world.Kms(region);
        var lines = new List<string>();
        foreach (var entry in (await kms.ListKeysAsync(new ListKeysRequest())).Keys ?? [])
        {
            var key = (await kms.DescribeKeyAsync(entry.KeyId)).KeyMetadata;
            var aliases = (await kms.ListAliasesAsync(new ListAliasesRequest { KeyId = entry.KeyId })).Aliases ?? [];
            var tags = (await world.TagsAsync(key.Arn)).Keys.Order();
            var rotation = await kms.GetKeyRotationStatusAsync(entry.KeyId);
            lines.Add(
                $"{region}: {key.KeyState} {key.MultiRegionConfiguration?.MultiRegionKeyType} "
                    + $"[{string.Join(", ", aliases.Select(a => a.AliasName))}] [{string.Join(", ", tags)}] "
                    + $"{await world.RotationsAsync(key.Arn)} rotations, every {rotation.RotationPeriodInDays} days, "
                    + (await world.PolicyAsync(key.Arn)).ToCompactString()
            );
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }
}
