using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Manifest;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>A key that is open to everybody: taking it from the cluster's account does not end its use.</summary>
public sealed class GcpOpenKeyTests
{
    private const string UseRole = "roles/cloudkms.cryptoKeyEncrypterDecrypter";

    [Theory]
    [InlineData("allUsers", CmekRevocationMethod.Default)]
    [InlineData("allAuthenticatedUsers", CmekRevocationMethod.RemoveTrust)]
    [InlineData("allAuthenticatedUsers", CmekRevocationMethod.DisableIdentity)]
    public async Task A_key_that_is_open_to_everybody_counts_as_taken_only_once_it_is_disabled(
        string member,
        CmekRevocationMethod method
    )
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.BindAsync(
            keys[0].KeyUri,
            Binding(UseRole, $"serviceAccount:{keys[0].AuthPrincipal}"),
            Binding(UseRole, member)
        );
        var drills = await RevocationDrills.DrillKeyAsync(
            world.RevocationRequest([.. keys.Take(1)], method),
            world.Provider,
            world.Context
        );
        Assert.Contains(drills, d =>
            d.Status == CmekCheckStatus.Fail
            && d.Detail.Contains("open to everybody", StringComparison.Ordinal)
            && d.Method != CmekRevocationMethod.DisableKey
        );

        var (revocation, error) = await RevokeAsync(world, keys, method);
        Assert.Equal(method == CmekRevocationMethod.Default ? null : nameof(Errors.AccessRemains), error?.ErrorId);
        Assert.Equal(
            method == CmekRevocationMethod.Default,
            revocation.Changes.Any(c =>
                c is { Method: CmekRevocationMethod.DisableKey, State: CmekAccessChangeState.Done }
            )
        );
        if (error is not null)
            Assert.Contains($"anybody ({member})", error.Message, StringComparison.Ordinal);
    }

    /// <summary>CockroachDB Cloud is not asked: nobody would answer.</summary>
    private static async Task<(CmekRevocation Revocation, CmekException? Error)> RevokeAsync(
        GcpWorld world,
        IReadOnlyList<CmekKey> keys,
        CmekRevocationMethod method
    )
    {
        var clouds = new CustomerCloudTable([new GcpCustomerCloud()]);
        using var client = new CrdbCloudClient(new CloudConnection(new Uri("https://cloud.invalid/"), new Secret("s")));
        return await new CmekRevocations(
            client,
            new CmekLifecycle(client, new ManifestCheck(clouds)),
            clouds
        ).RevokeAsync(
            world.Cluster,
            world.Provider,
            new RevocationOptions
            {
                Method = method,
                KmsOnly = true,
                Source = new CmekManifest { Cluster = world.Cluster, RegionSpecs = [.. keys.Select(GcpWorld.Spec)] },
            },
            world.Context
        );
    }
}
