using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>
/// A connection that breaks in the middle of a write, before or after it was processed: the write is made exactly
/// once, and the run goes on.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class AzureLostResponseTests
{
    public static TheoryData<string, FaultAction> Writes(params string[] patterns)
    {
        var data = new TheoryData<string, FaultAction>();
        foreach (var pattern in patterns)
        {
            data.Add(pattern, FaultAction.CutBefore);
            data.Add(pattern, FaultAction.CutAfter);
        }

        return data;
    }

    public static TheoryData<string, FaultAction> SetupWrites =>
        Writes(
            "POST /v1.0/servicePrincipals ",
            "POST /v1.0/oauth2PermissionGrants ",
            "POST /keys/[^/]+/create.*kty",
            "PUT /subscriptions/.*/roleAssignments/",
            "PUT /keys/[^/]+/rotationpolicy"
        );

    [Theory]
    [MemberData(nameof(SetupWrites))]
    public async Task Setup_makes_each_write_once(string pattern, FaultAction action)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var cut = world.Cut(pattern, action);
        var role = await world.RoleAsync(cluster, r => r.With("GrantConsent", true));
        var keys = await world.KeysAsync(cluster, r => r with { RotationPeriodInDays = 180 });
        cut.AssertProcessedOnce();
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Created, k.Outcome));
        Assert.Single((await world.KeyAsync("GET", $"keys/{keys[0].Name}/versions"))["value"]!.AsArray());
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task An_application_is_enabled(FaultAction action)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var role = await world.RoleAsync(cluster);
        await world.GraphAsync("PATCH", $"servicePrincipals/{role.PrincipalId}", """{"accountEnabled":false}""");
        var cut = world.Cut("PATCH /v1.0/servicePrincipals/", action);
        Assert.Equal(CmekOutcome.Updated, (await world.RoleAsync(cluster, r => r with { Update = true })).Outcome);
        cut.AssertProcessedOnce();
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_deleted_key_is_recovered(FaultAction action)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync("azure-in");
        var created = (await world.KeysAsync(cluster))[0];
        await world.KeyAsync("DELETE", $"keys/{created.Name}");
        await world.PropagateAsync();
        var cut = world.Cut("POST /deletedkeys/[^/]+/recover", action);
        Assert.Equal(created.KeyUri, (await world.KeysAsync(cluster, r => r.With("Recover", true)))[0].KeyUri);
        cut.AssertProcessedOnce();
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_key_is_rotated_once(FaultAction action)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var cut = world.Cut("POST /keys/[^/]+/rotate", action);
        await world.Provider.RotateKeysAsync(AzureRequests.Rotation(cluster, info), world.Context);
        cut.AssertProcessedOnce();
    }

    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task The_names_of_a_replacement_are_settled(FaultAction action)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var request = AzureRequests.Rotation(cluster, info, newKey: true);
        var specs = (await world.Provider.RotateKeysAsync(request, world.Context))!;
        var cut = world.Cut("PATCH /keys/", action);
        await world.Provider.SettleNewKeysAsync(cluster, specs, world.Context);
        cut.AssertProcessedOnce();
        Assert.Equal(specs[0].KeyUri, (await world.KeysAsync(cluster))[0].KeyUri);
    }

    public static TheoryData<string, FaultAction> AccessWrites =>
        Writes(
            "PATCH /keys/",
            "PATCH /v1.0/servicePrincipals/",
            "DELETE /subscriptions/.*/roleAssignments/",
            "PUT /subscriptions/.*/accessPolicies/remove"
        );

    [Theory]
    [MemberData(nameof(AccessWrites))]
    public async Task Access_is_revoked(string pattern, FaultAction action)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await EnabledAsync(world, pattern);
        var request = AzureRequests.Revocation(cluster, info, MethodOf(pattern));
        var planned = await world.Provider.PlanRevocationAsync(request, world.Context);
        var cut = world.Cut(pattern, action);
        Assert.Equal(
            CmekAccessChangeState.Done,
            (await world.Provider.RevokeAccessAsync(Assert.Single(planned), world.Context)).State
        );
        cut.AssertProcessedOnce();
        var again = await world.Provider.PlanRevocationAsync(request, world.Context);
        Assert.Equal(CmekAccessChangeState.Done, Assert.Single(again).State);
    }

    public static TheoryData<string, FaultAction> RestoringWrites =>
        Writes(
            "PATCH /keys/",
            "PATCH /v1.0/servicePrincipals/",
            "PUT /subscriptions/.*/roleAssignments/",
            "PUT /subscriptions/.*/accessPolicies/add"
        );

    [Theory]
    [MemberData(nameof(RestoringWrites))]
    public async Task Access_is_restored(string pattern, FaultAction action)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await EnabledAsync(world, pattern);
        var request = AzureRequests.Revocation(cluster, info, MethodOf(pattern));
        var planned = Assert.Single(await world.Provider.PlanRevocationAsync(request, world.Context));
        await world.Provider.RevokeAccessAsync(planned, world.Context);
        var cut = world.Cut(pattern, action);
        await world.Provider.RestoreAccessAsync(planned, world.Context);
        cut.AssertProcessedOnce();
        Assert.Empty(await world.Provider.FindRevocationAsync(request, world.Context));
    }

    private static Task<(CrdbCluster Cluster, CmekInfo Info)> EnabledAsync(AzureWorld world, string pattern) =>
        world.EnabledAsync("azure-in", r =>
            pattern.Contains("accessPolicies", StringComparison.Ordinal) ? r.InKeyVault(world.Azure.PolicyVaultName) : r
        );

    private static CmekRevocationMethod MethodOf(string pattern) =>
        pattern.Contains("servicePrincipals", StringComparison.Ordinal) ? CmekRevocationMethod.DisableIdentity
        : pattern.StartsWith("PATCH", StringComparison.Ordinal) ? CmekRevocationMethod.DisableKey
        : CmekRevocationMethod.RemoveGrant;
}
