using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Tests.FourthCloud;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A revocation while the cluster is moved to new keys.</summary>
public sealed class RevocationBesideOthersTests
{
    private const string Newer = "moon:near-side:copernicus";
    private const string Astronaut = "astronaut/apollo";

    [Fact]
    public async Task Keys_that_the_cluster_moved_to_while_it_was_busy_are_taken_before_it_is_asked_again()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.AtRevoke.Enqueue(() => Move(world, null));
        string? grantedAtRequest = null;
        world.Api.AtRevoke.Enqueue(() =>
        {
            grantedAtRequest = world.Moon.Keys[Newer].GrantedTo;
            return CmekStatus.Revoked;
        });
        var (revocation, error) = await world.RevokeAsync();
        Assert.Null(error);
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.Null(grantedAtRequest);
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
        Assert.Equal([RevocationWorld.Far, Newer], revocation.Keys.Select(k => k.KeyUri).Order(StringComparer.Ordinal));
        Assert.Equal(RevocationWorld.Near, Assert.Single(revocation.PastKeys).KeyUri);
        Assert.Contains(world.Log.Warnings, w =>
            w.Contains($"other keys meanwhile: {Newer}", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(world.Log.Questions, q => $"{q}".Contains(Newer, StringComparison.Ordinal));

        var (_, left) = await world.RestoreAsync(revocation);
        Assert.Null(left);
        Assert.All(world.Moon.Keys.Values, k => Assert.Equal(Astronaut, k.GrantedTo));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revocation_that_failed_for_new_keys_is_asked_for_again_once_they_are_taken(bool moves)
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.AtRevoke.Enqueue(() => moves ? Move(world, CmekStatus.RevokeFailed) : CmekStatus.RevokeFailed);
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { Wait = new WaitOptions() });
        Assert.Equal(moves ? null : nameof(Errors.CmekOperationFailed), error?.ErrorId);
        Assert.Equal(moves ? CmekStatus.Revoked : CmekStatus.RevokeFailed, revocation.Status);
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
        Assert.Equal(moves ? 2 : 1, world.Api.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task New_keys_are_taken_also_after_the_request_was_accepted()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.AtRevoke.Enqueue(() => Move(world, CmekStatus.Revoked));
        var (revocation, error) = await world.RevokeAsync();
        Assert.Null(error);
        Assert.Null(world.Moon.Keys[Newer].GrantedTo);
        Assert.Contains(revocation.Changes, c => c.KeyUri == Newer && c.State == CmekAccessChangeState.Done);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_key_that_cannot_be_taken_is_named_and_CockroachDB_is_not_asked_again(bool unreadable)
    {
        using var world = await RevocationWorld.EnabledAsync();
        (unreadable ? world.Moon.Unreadable : world.Moon.Unchangeable)[Newer] = CmekErrorKind.Unavailable;
        world.Api.AtRevoke.Enqueue(() => Move(world, null));
        var (revocation, error) = await world.RevokeAsync();
        Assert.Equal(unreadable ? "MoonDark" : nameof(Errors.AccessNotTaken), error!.ErrorId);
        Assert.Equal(1, world.Api.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal)));
        Assert.Equal(Astronaut, world.Moon.Keys[Newer].GrantedTo);
        Assert.Equal(2, revocation.Changes.Count(c => c.State == CmekAccessChangeState.Done));
    }

    [Fact]
    public async Task Where_the_KMS_alone_shows_the_keys_it_is_searched_again_at_the_end()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Down = System.Net.HttpStatusCode.Forbidden;
        world.Moon.Changing = _ => world.Moon.Keys.TryAdd(Newer, new MoonKey(DateTimeOffset.UnixEpoch, Astronaut));
        var (_, error) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        Assert.Null(error);
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_CockroachDB_Cloud_told_the_keys_it_is_asked_again_at_the_end_of_KmsOnly(bool fails)
    {
        using var world = await RevocationWorld.EnabledAsync();
        var moves = 0;
        world.Moon.Changing = _ =>
        {
            if (Interlocked.Exchange(ref moves, 1) == 0)
                Move(world, null);
            if (fails)
                world.Api.Down = System.Net.HttpStatusCode.Forbidden;
        };
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        Assert.Null(error);
        Assert.Equal(fails ? Astronaut : null, world.Moon.Keys[Newer].GrantedTo);
        Assert.Equal(!fails, revocation.Keys.Any(k => k.KeyUri == Newer));
        Assert.Contains(world.Log.Warnings, w =>
            w.Contains(
                fails ? "has moved to other keys could not be read" : $"other keys meanwhile: {Newer}",
                StringComparison.Ordinal
            )
        );
        Assert.DoesNotContain(world.Api.Requests, r => r.StartsWith("PATCH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record_with_the_names_that_the_KMS_has_for_places_is_undone_by_key_and_identity()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        Assert.Null(error);
        var placed = revocation with
        {
            Keys = [.. revocation.Keys.Select(k => k with { Region = $"place-of-{k.Region}" })],
            Changes =
            [
                .. revocation.Changes.Select(c => c with { Regions = [.. c.Regions.Select(r => $"place-of-{r}")] }),
            ],
        };
        var keys = world.Manifest.RegionSpecs;
        var found = new RevocationKeys { InForce = keys, Every = keys };
        Assert.Equal(
            revocation.Changes.Select(c => string.Join(",", c.Regions)),
            RecordedChanges.Verify(placed, world.Cluster, found, world.Clouds).Select(c => string.Join(",", c.Regions))
        );
        // A region that the record names for no key of the cluster is left as it is, for the cloud to refuse.
        var forged = placed with { Changes = [.. placed.Changes.Select(c => c with { Regions = ["elsewhere"] })] };
        Assert.All(RecordedChanges.Verify(forged, world.Cluster, found, world.Clouds), c =>
            Assert.Equal(["elsewhere"], c.Regions)
        );
    }

    [Fact]
    public async Task A_cluster_of_which_only_the_name_is_known_has_a_record_that_can_be_continued_and_undone()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var options = new RevocationOptions
            {
                KmsOnly = true,
                Path = folder,
                Source = world.Manifest,
            };
            var cluster = world.Cluster with { Id = "" };
            Assert.Null((await world.RevokeAsync(options, cluster)).Error);
            var file = Assert.Single(Directory.GetFiles(folder));
            Assert.Equal("apollo.revocation.json", Path.GetFileName(file));
            Assert.Null((await world.RevokeAsync(options, cluster)).Error);
            Assert.Null((await world.RestoreAsync(RevocationFile.Load(file), cluster)).Error);
            Assert.All(world.Moon.Keys.Values, k => Assert.Equal(Astronaut, k.GrantedTo));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Another administrator moves the near side to a new key, and the request ends with a status.</summary>
    private static string? Move(RevocationWorld world, string? status)
    {
        world.Moon.Keys[Newer] = new MoonKey(DateTimeOffset.UnixEpoch, Astronaut);
        world.Api.Move(CmekRegionSpec.Create("near-side", "MOON_KMS", Newer, Astronaut));
        return status;
    }
}
