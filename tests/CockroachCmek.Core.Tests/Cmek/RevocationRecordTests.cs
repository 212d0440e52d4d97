using System.Text.Json.Nodes;
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

    [Theory]
    [InlineData("null", "one JSON object")]
    [InlineData("[]", "line 1")]
    [InlineData("{\n\"changes\": 3}", "line 2 is not as this module writes it, at changes")]
    public void A_file_that_is_not_a_record_is_refused_with_its_line_and_without_names_of_types(
        string text,
        string part
    )
    {
        var error = Assert.Throws<CmekException>(() => RevocationFile.Read(text, "r.json"));
        Assert.StartsWith("r.json is not a record of this revocation: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("FileRecord", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("..", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_of_a_cluster_without_CMEK_does_not_speak_of_revoking()
    {
        using var world = new RevocationWorld();
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RestoreAsync(null));
        Assert.Equal(nameof(Errors.CmekNotEnabled), error.ErrorId);
        Assert.Contains("no key in force to give access to", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MoonGrant", "SunGrant")]
    [InlineData("\"target\": \"moon:near-side:tycho\"", "\"target\": \"moon:near-side:other\"")]
    [InlineData("astronaut/apollo", "astronaut/mallory")]
    [InlineData("\"state\": \"Done\"", "\"state\": \"Planned\"")]
    [InlineData("\"near-side\"", "\"far-side\"")]
    [InlineData("\"format_version\": 2", "\"format_version\": 3")]
    public async Task A_record_that_was_edited_is_refused(string honest, string forged)
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        Assert.Contains(honest, text, StringComparison.Ordinal);
        var error = Assert.Throws<CmekException>(() =>
            RevocationFile.Read(text.Replace(honest, forged, StringComparison.Ordinal), File)
        );
        Assert.Equal(nameof(Errors.RevocationFileInvalid), error.ErrorId);
    }

    [Theory]
    [InlineData("MoonGrant", "SunGrant")]
    [InlineData("\"target\": \"moon:near-side:tycho\"", "\"target\": \"moon:near-side:other\"")]
    [InlineData("astronaut/apollo", "astronaut/mallory")]
    public async Task A_forged_record_without_a_digest_is_refused_for_what_it_would_do(string honest, string forged)
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        var old = JsonNode.Parse(text.Replace(honest, forged, StringComparison.Ordinal))!.AsObject();
        old.Remove("format_version");
        old.Remove("digest");
        var record = RevocationFile.Read(old.ToJsonString(), File);
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RestoreAsync(record));
        Assert.Equal(nameof(Errors.RevocationFileInvalid), error.ErrorId);
        Assert.DoesNotContain(world.Log.Questions, q => q.Action.StartsWith("Give moon:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_asked_is_made_from_the_change_and_not_read_from_the_file()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var record = RevocationFile.Load(File);
        var lying = record with { Changes = [.. record.Changes.Select(c => c with { Action = "Do nothing" })] };
        await world.RestoreAsync(lying);
        Assert.DoesNotContain(world.Log.Questions, q => q.Action.Contains("Do nothing", StringComparison.Ordinal));
        Assert.Contains(world.Log.Questions, q => q.Action.StartsWith("Give moon:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_record_says_who_ran_what_as_whom_and_which_requests_were_written()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        await world.RestoreAsync(RevocationFile.Load(File));
        var record = RevocationFile.Load(File);
        Assert.Equal(["Revoke-CrdbCmek", "Restore-CrdbCmekAccess"], record.Runs.Select(r => r.Command));
        Assert.All(record.Runs, r => Assert.Equal("astronaut/commander", Assert.Single(r.Callers)));
        Assert.All(record.Runs, r => Assert.Equal($"{Environment.UserName}@{Environment.MachineName}", r.Operator));
        Assert.Equal(
            ["request-1", "request-2", "request-3", "request-4"],
            record.Changes.SelectMany(c => c.RequestIds).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_record_of_an_identity_s_change_names_the_keys_and_which_of_them_are_past()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var newer = await world.ReplaceNearKeyAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var record = RevocationFile.Load(File);
        await world.RestoreAsync(record);
        world.Api.Requests.Clear();
        // The change of an identity that several keys use names no key itself.
        var ofIdentity = record with { Changes = [record.Changes[0] with { KeyUri = "" }] };
        var (revocation, error) = await world.RevokeAsync(
            new RevocationOptions { KmsOnly = true, Source = ofIdentity }
        );
        Assert.Null(error);
        Assert.Empty(world.Api.Requests);
        Assert.Equal([RevocationWorld.Far, newer], revocation.Keys.Select(k => k.KeyUri).Order(StringComparer.Ordinal));
        Assert.Equal([RevocationWorld.Near], revocation.PastKeys.Select(k => k.KeyUri));
    }

    [Fact]
    public async Task A_record_that_names_no_key_is_explained()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Path = _folder });
        var record = RevocationFile.Load(File);
        var old = record with { Keys = [], PastKeys = [], Changes = [record.Changes[0] with { KeyUri = "" }] };
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true, Source = old });
        Assert.Contains(world.Log.Warnings, w => w.Contains("names no key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_of_another_cloud_in_a_record_is_refused()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (record, _) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        var forged = record with { Keys = [CmekRegionSpec.Create("near-side", "", "sun:core", "astronaut/apollo")] };
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.RevokeAsync(new RevocationOptions { KmsOnly = true, Source = forged })
        );
        Assert.Equal(nameof(Errors.RevocationFileInvalid), error.ErrorId);
    }

    [Fact]
    public async Task A_second_restore_of_the_same_object_says_that_nothing_was_changed()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var (record, _) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        var (first, _) = await world.RestoreAsync(record);
        var (second, _) = await world.RestoreAsync(record);
        Assert.All(first, k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
        Assert.All(second, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
