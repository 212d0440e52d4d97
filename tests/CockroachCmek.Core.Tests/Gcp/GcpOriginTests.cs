using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>A key whose material its owner imports, on Google Cloud.</summary>
public sealed class GcpOriginTests
{
    [Fact]
    public async Task An_imported_key_is_rotated_only_with_a_version_that_its_owner_imported()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        world.Server.Gcp.Locked(gcp =>
        {
            var imported = gcp.Keys.FindExisting(key.KeyUri);
            imported.MakePrimary(Import(imported, world.Server.Clock.UtcNow), world.Server.Clock.UtcNow, TimeSpan.Zero);
            return true;
        });
        world.Server.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(
            CmekKeyOrigin.Imported,
            (
                await world.Provider.ReadOriginAsync(
                    CmekRegionSpec.Create(key.Region, key.KeyType, key.KeyUri, key.AuthPrincipal),
                    world.Context
                )
            ).Kind
        );
        var request = world.RotationRequest([key]);
        var before = world.LastRequest;

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.Provider.RotateKeysAsync(request, world.Context)
        );

        Assert.Equal(nameof(Errors.OriginWouldChange), error.ErrorId);
        Assert.Empty(world.WritesSince(before));

        world.Server.Clock.Advance(TimeSpan.FromDays(1));
        world.Server.Gcp.Locked(gcp => Import(gcp.Keys.FindExisting(key.KeyUri), world.Server.Clock.UtcNow));
        world.Server.Clock.Advance(TimeSpan.FromDays(1));
        Assert.NotNull(await world.Provider.RotateKeysAsync(request, world.Context));
        Assert.Equal("3", await world.Administrator.PrimaryAsync(key.KeyUri));
        Assert.Equal(3, (await world.Administrator.VersionStatesAsync(key.KeyUri)).Count);
    }

    [Fact]
    public async Task A_region_that_joins_an_imported_key_gets_a_key_of_the_cloud_only_when_that_is_said()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var key = (await world.EnsureKeysAsync())[0];
        world.Server.Gcp.Locked(gcp =>
        {
            var imported = gcp.Keys.FindExisting(key.KeyUri);
            imported.MakePrimary(Import(imported, world.Server.Clock.UtcNow), world.Server.Clock.UtcNow, TimeSpan.Zero);
            return true;
        });
        var keeper = new OriginKeeper(world.Provider, () => null);
        var request = new KeyRequest
        {
            Cluster = world.Cluster with
            {
                Regions = [.. world.Cluster.Regions, new CrdbRegion { Name = Joining, NodeCount = 4 }],
            },
            AuthPrincipal = key.AuthPrincipal,
            Regions = [Joining],
            Like = GcpWorld.Spec(key),
        };
        var before = world.LastRequest;

        var error = await Assert.ThrowsAsync<CmekException>(() => keeper.EnsureKeysAsync(request, world.Context));

        Assert.Equal(nameof(Errors.OriginWouldChange), error.ErrorId);
        Assert.Contains(
            $"Add-CrdbCmekRegion {Joining} -Cluster {world.Cluster.Id} -NodeCount 4 -KeyUri <key> -Grant",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Empty(world.WritesSince(before));
        Assert.Equal(
            key.KeyUri,
            Assert.Single(await keeper.EnsureKeysAsync(request with { KeyUris = [key.KeyUri] }, world.Context)).KeyUri
        );
        var made = Assert.Single(await keeper.EnsureKeysAsync(request with { ReplaceOrigin = true }, world.Context));
        Assert.Equal((CmekOutcome.Created, CmekKeyOrigin.Cloud), (made.Outcome, made.Origin));
        Assert.Contains(world.Log.Warnings, w => w.Contains("is generated in", StringComparison.Ordinal));
    }

    private const string Joining = "europe-north1";

    private static CryptoKeyVersion Import(CryptoKey key, DateTimeOffset now)
    {
        var version = key.AddImported(now, $"{GcpWorld.RingOf(key.Name)}/importJobs/own", new byte[32], null);
        key.Settle(now + TimeSpan.FromMinutes(1));
        return version;
    }
}
