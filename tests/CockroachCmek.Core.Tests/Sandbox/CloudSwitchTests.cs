using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The forms of the Cloud API that nobody has proved, each by its switch.</summary>
public sealed class CloudSwitchTests : IAsyncDisposable
{
    private readonly AwsTestBed _bed = new();

    private CloudSettings Settings => _bed.Server.Cloud.Settings;

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData(CloudLockForm.Unavailable, 503, "is locked by another operation")]
    [InlineData(CloudLockForm.Conflict, 409, "cluster lock is held")]
    [InlineData(CloudLockForm.InvalidArgument, 400, "couldn't lock cluster")]
    [InlineData(CloudLockForm.Html, 503, "<html>")]
    public async Task A_locked_cluster_refuses_in_the_chosen_form(CloudLockForm form, int status, string text)
    {
        Settings.LockForm = form;
        _bed.Server.Cloud.Hold("prod-eu-old", TimeSpan.FromHours(1));
        var refused = await RotateAsync();
        Assert.Equal(status, refused.Status);
        Assert.Contains(text, form == CloudLockForm.Html ? refused.Text("text") : refused.Text("message"));
    }

    [Theory]
    [InlineData(CloudKeyRefusalForm.Documented, 400, "Insufficient permissions to access the KMS key")]
    [InlineData(CloudKeyRefusalForm.OtherSentence, 400, "CMEK not usable")]
    [InlineData(CloudKeyRefusalForm.Unauthorized, 401, "unauthenticated")]
    [InlineData(CloudKeyRefusalForm.Forbidden, 403, "permission denied")]
    public async Task A_key_that_cannot_be_used_is_refused_in_the_chosen_form(
        CloudKeyRefusalForm form,
        int status,
        string text
    )
    {
        Settings.KeyRefusalForm = form;
        var key = _bed.Server.UseCmek("prod-eu-old");
        var refused = await _bed.CmekAsync(
            "PUT",
            Cluster("prod-eu-old").Id,
            "eu-west-1",
            key with
            {
                Uri = key.Uri[..^4],
            }
        );
        Assert.Equal(status, refused.Status);
        Assert.Contains(text, refused.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_switch_to_the_same_key_adds_an_entry_or_updates_the_one_there_is(bool inPlace)
    {
        Settings.UpdatesEntryInPlace = inPlace;
        var before = await KeysAsync();
        Assert.Equal(200, (await RotateAsync()).Status);
        Assert.Equal("ROTATING", (await CmekAsync()).Text("status"));
        _bed.Advance(TimeSpan.FromHours(1));
        var after = await KeysAsync();
        Assert.Equal("ENABLED", (await CmekAsync()).Text("status"));
        Assert.Equal(before.Count + (inPlace ? 0 : 1), after.Count);
        if (inPlace)
            Assert.NotEqual(before, after);
    }

    [Fact]
    public async Task A_write_can_take_effect_although_the_response_is_an_error()
    {
        Settings.ErrorsAlthoughDone = 1;
        Assert.Equal(503, (await RotateAsync()).Status);
        Assert.Equal("ROTATING", (await CmekAsync()).Text("status"));
    }

    [Fact]
    public async Task The_first_reads_after_a_write_can_show_what_was_before()
    {
        Settings.StaleReads = 2;
        await RotateAsync();
        Assert.Equal("ENABLED", (await CmekAsync()).Text("status"));
        Assert.Equal("ENABLED", (await CmekAsync()).Text("status"));
        Assert.Equal("ROTATING", (await CmekAsync()).Text("status"));
    }

    [Fact]
    public async Task A_deleted_cluster_is_still_shown_but_nothing_beneath_it()
    {
        var id = Cluster("dev-aws").Id;
        _bed.Server.Cloud.Delete("dev-aws");
        Assert.Equal("DELETED", (await _bed.CloudAsync("GET", $"clusters/{id}")).Text("state"));
        Assert.Equal(404, (await _bed.CloudAsync("GET", $"clusters/{id}/cmek")).Status);
        Assert.DoesNotContain(id, (await _bed.CloudAsync("GET", "clusters")).Body.ToJsonString());
    }

    [Fact]
    public async Task One_region_can_fail_while_its_neighbours_succeed()
    {
        _bed.Server.Cloud.FailRegion("prod-eu-old", "eu-west-1");
        await RotateAsync();
        _bed.Advance(TimeSpan.FromHours(1));
        Assert.Equal("ROTATE_FAILED", (await CmekAsync()).Text("status"));
        Assert.Throws<ArgumentException>(() => _bed.Server.Cloud.FailRegion("prod-eu-old", "nowhere-1"));
    }

    [Fact]
    public async Task The_rate_of_requests_can_be_set_and_the_whole_API_can_be_down()
    {
        Settings.RequestsPerSecond = 2;
        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await CmekAsync()).Status);
        Assert.Equal([200, 200, 429], statuses);
        Settings.IsDown = true;
        Assert.Equal(503, (await CmekAsync()).Status);
    }

    private FleetCluster Cluster(string name) => _bed.Server.Cloud.Clusters.Single(c => c.Name == name);

    private Task<TestResponse> CmekAsync() => _bed.CloudAsync("GET", $"clusters/{Cluster("prod-eu-old").Id}/cmek");

    private async Task<IReadOnlyList<string>> KeysAsync() =>
        [.. (await CmekAsync()).Body["region_infos"]![0]!["key_infos"]!.AsArray().Select(k => k!.ToJsonString())];

    private Task<TestResponse> RotateAsync() =>
        _bed.CmekAsync("PUT", Cluster("prod-eu-old").Id, "eu-west-1", _bed.Server.UseCmek("prod-eu-old"));
}
