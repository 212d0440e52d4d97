using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>The audit log, which has no filter, and the time line that it is a part of.</summary>
public sealed class HistoryTests : CloudWorld
{
    [Fact]
    public async Task The_audit_log_is_read_back_to_the_date_and_an_entry_on_the_edge_counts_once()
    {
        var handler = new ScriptedHandler(
            Json(Page("2026-11-20T00:00:00Z", ("c", "2026-11-21T00:00:00Z"), ("b", "2026-11-20T00:00:00Z")), 200),
            // The edge again, as one of the two descriptions has it; then what is too old.
            Json(Page("2026-11-18T00:00:00Z", ("b", "2026-11-20T00:00:00Z"), ("a", "2026-11-18T00:00:00Z")), 200),
            Json("", 500)
        );
        using var client = Client(handler);
        var since = new DateTimeOffset(2026, 11, 19, 0, 0, 0, TimeSpan.Zero);
        var read = await client.ListAuditEventsAsync(since, Context).ToListAsync();
        Assert.Equal(["c", "b"], read.Select(e => e.Id));
    }

    [Fact]
    public async Task A_page_that_repeats_itself_does_not_go_on_for_ever()
    {
        var page = Page("2026-11-20T00:00:00Z", ("a", "2026-11-20T00:00:00Z"));
        using var client = Client(new ScriptedHandler([.. Enumerable.Repeat(Json(page, 200), 4)]));
        Assert.Single(await client.ListAuditEventsAsync(default, Context).ToListAsync());
    }

    [Fact]
    public async Task Without_the_audit_log_the_other_sources_are_shown_and_the_gap_is_named()
    {
        using var server = SandboxServer.Start(new SandboxOptions { Record = true });
        using var client = new CrdbCloudClient(
            new CloudConnection(server.CloudEndpoint, new Secret(server.Cloud.OperatorKey))
        );
        using var keys = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = server.AwsEndpoint,
                AccessKeyId = server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(server.Aws.SecretAccessKey),
            }
        );
        var clusters = await client.ListClustersAsync(false, Context).Where(c => c.Name == "prod-eu-old").ToListAsync();
        var history = new CmekHistory(client, server.Clock.UtcNow.AddDays(-1_000));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var (entries, gaps) = await history.ReadAsync(clusters[0], keys, Context);
            Assert.Contains(entries, e => e is { Action: "KeyTakenUp", Region: "eu-west-1" });
            Assert.DoesNotContain(entries, e => e.Source == "CockroachDB Cloud audit log");
            Assert.Contains(gaps, g => g.Why.Contains("Organization Admin", StringComparison.Ordinal));
        }

        Assert.Single(server.Exchanges, e => e.Request.RawTarget.Contains("auditlogevents", StringComparison.Ordinal));
    }

    private static string Page(string next, params (string Id, string At)[] entries) =>
        $$"""{"entries":[{{string.Join(",", entries.Select(Entry))}}],"next_starting_from":"{{next}}"}""";

    private static string Entry((string Id, string At) entry) =>
        $$"""{"id":"{{entry.Id}}","created_at":"{{entry.At}}","action":"AUDIT_LOG_ACTION_UPDATE_CMEK","cluster_id":"x"}""";
}
