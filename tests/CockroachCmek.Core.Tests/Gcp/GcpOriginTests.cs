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

    private static CryptoKeyVersion Import(CryptoKey key, DateTimeOffset now)
    {
        var version = key.AddImported(now, $"{GcpWorld.RingOf(key.Name)}/importJobs/own", new byte[32], null);
        key.Settle(now + TimeSpan.FromMinutes(1));
        return version;
    }
}
