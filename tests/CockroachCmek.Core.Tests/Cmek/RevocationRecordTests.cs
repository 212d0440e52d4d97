using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>The record of a revocation: named after its cluster, continued, and marked when it was undone.</summary>
public sealed class RevocationRecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string File => Path.Combine(_folder, "apollo-35c4abb2-bb66-46d7-afed-25ebef5ed2aa.revocation.json");

    [Fact]
    public async Task In_a_folder_a_record_is_named_after_the_cluster_s_name_and_id()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (revocation, _) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        Assert.Equal(File, revocation.Path);
        Assert.Equal(2, RevocationFile.Load(File).Changes.Count);
    }

    [Fact]
    public async Task A_record_of_0_2_0_in_the_folder_is_continued()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var earlier = Path.Combine(_folder, "apollo.revocation.json");
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = earlier });
        var (revocation, _) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        Assert.Equal(earlier, revocation.Path);
    }

    [Fact]
    public async Task What_an_earlier_run_did_not_manage_does_not_block_the_next()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unreadable[RevocationWorld.Near] = CmekErrorKind.PermissionDenied;
        var (_, first) = await world.RevokeAsync(new RevocationOptions { Path = _folder });
        Assert.NotNull(first);
        world.Moon.Unreadable.Clear();
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { Path = _folder });
        Assert.Null(error);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
    }

    [Fact]
    public async Task A_record_alone_names_the_keys_when_CockroachDB_Cloud_is_not_asked()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (record, _) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        await world.RestoreAsync(record);
        world.Api.Requests.Clear();
        var (_, error) = await world.RevokeAsync(
            new RevocationOptions { KmsOnly = true, Source = RevocationFile.Load(File) }
        );
        Assert.Null(error);
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
        Assert.Empty(world.Api.Requests);
    }

    [Fact]
    public async Task A_restore_marks_the_record_and_gives_every_key_back()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var (keys, error) = await world.RestoreAsync(RevocationFile.Load(File));
        Assert.Null(error);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
        Assert.All(world.Moon.Keys.Values, k => Assert.NotNull(k.GrantedTo));
        Assert.All(RevocationFile.Load(File).Changes, c => Assert.Equal(CmekAccessChangeState.Restored, c.State));
        var (again, _) = await world.RestoreAsync(RevocationFile.Load(File));
        Assert.All(again, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
