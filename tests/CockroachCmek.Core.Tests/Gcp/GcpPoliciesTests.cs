using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Cloud;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Changing an allow policy while others change it too.</summary>
public sealed class GcpPoliciesTests
{
    private static readonly Func<HttpRequestMessage, HttpResponseMessage?> Conflict = ScriptedGcp.Error(409, "ABORTED");

    [Fact]
    public async Task After_a_conflict_the_policy_is_read_again_and_sent_with_the_new_etag()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedHandler.Json("""{"etag":"old"}"""),
            Conflict,
            ScriptedHandler.Json("""{"etag":"new"}"""),
            ScriptedHandler.Json("{}")
        );

        Assert.True(await AddAsync(gcp));

        Assert.Equal(4, gcp.Requests.Count);
        Assert.Contains("\"etag\":\"new\"", gcp.Requests[3].Body, StringComparison.Ordinal);
        Assert.Contains("\"version\":3", gcp.Requests[3].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conflict_that_never_ends_is_reported_after_ten_attempts()
    {
        using var gcp = await ScriptedGcp.StartAsync([
            .. Enumerable.Range(0, 30).Select(i => i % 2 == 0 ? ScriptedHandler.Json("{}") : Conflict),
        ]);

        var error = await Assert.ThrowsAsync<GcpException>(() => AddAsync(gcp));

        Assert.Equal("GcpConflict", GcpCalls.Map(error, "prod").ErrorId);
        Assert.Equal(20, gcp.Requests.Count);
    }

    [Fact]
    public async Task A_lost_response_is_settled_by_reading_the_policy()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedHandler.Json("{}"),
            ScriptedHandler.Broken,
            ScriptedHandler.Json("""{"bindings":[{"role":"roles/x","members":["user:a@example.com"]}]}""")
        );

        Assert.True(await AddAsync(gcp));

        Assert.Equal(3, gcp.Requests.Count);
    }

    [Fact]
    public async Task A_policy_that_is_as_wanted_is_not_written()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedHandler.Json("""{"bindings":[{"role":"roles/x","members":["user:a@example.com"]}]}""")
        );

        Assert.False(await AddAsync(gcp));

        Assert.Single(gcp.Requests);
    }

    private static Task<bool> AddAsync(ScriptedGcp gcp) =>
        new GcpPolicies(gcp.Clients, gcp.Calls).ChangeAsync(ScriptedGcp.Key, policy =>
            policy.Add(IamPolicy.Binding("roles/x", "user:a@example.com"))
        );
}
