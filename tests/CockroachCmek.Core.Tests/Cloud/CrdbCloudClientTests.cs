using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>The client of the CockroachDB Cloud API against scripted responses.</summary>
public sealed class CrdbCloudClientTests : CloudWorld
{
    [Theory]
    [InlineData(400, """{"code":3,"message":"no","details":[]}""", "CloudRefused")]
    [InlineData(400, """{"code":3,"message":"Insufficient permissions to access the KMS key"}""", "KeyAccessDenied")]
    [InlineData(401, "", "ApiKeyRefused")]
    [InlineData(403, "{}", "CloudPermissionDenied")]
    [InlineData(409, """{"message":"cluster lock is held"}""", "CloudBusy")]
    [InlineData(422, """{"message":"the cluster is locked"}""", "CloudBusy")]
    [InlineData(500, "<html><body>oops</body></html>", "CloudFailed")]
    [InlineData(503, "", "CloudBusy")]
    [InlineData(200, "<html>a proxy's page</html>", "BadAnswer")]
    [InlineData(200, "null", "BadAnswer")]
    public async Task Every_response_to_a_write_has_its_own_error(int status, string body, string errorId)
    {
        var handler = new ScriptedHandler(Json(body, status));
        using var client = Client(handler);
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            client.EnableCmekAsync(Cluster, Manifest.RegionSpecs, Context)
        );
        Assert.Equal(errorId, fault.ErrorId);
        Assert.NotEmpty(fault.RecommendedAction);
        Assert.DoesNotContain("<html", fault.Message, StringComparison.Ordinal);
        Assert.Single(handler.Requests);
    }

    [Theory]
    [InlineData(409, "{}", "CloudRefused")]
    [InlineData(422, """{"message":"the account is locked"}""", "CloudRefused")]
    [InlineData(503, "", "CloudFailed")]
    public async Task What_is_not_a_cluster_is_not_called_a_busy_one(int status, string body, string errorId)
    {
        async Task CheckAsync(Func<CrdbCloudClient, Task> read, string named)
        {
            using var client = Client(new ScriptedHandler([.. Enumerable.Repeat(Json(body, status), 12)]));
            var error = await Assert.ThrowsAsync<CmekException>(() => read(client));
            Assert.Equal(errorId, error.ErrorId);
            Assert.Contains(named, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Get-CrdbCluster ", error.RecommendedAction, StringComparison.Ordinal);
        }

        await CheckAsync(async c => await c.ListClustersAsync(false, Context).ToListAsync(), " the list of clusters");
        await CheckAsync(c => c.GetOrganizationAsync(Context), " the organization");
        await CheckAsync(async c => await c.ListAuditEventsAsync(default, Context).ToListAsync(), " the audit log");
    }

    [Fact]
    public async Task A_cluster_that_cannot_be_read_is_not_called_busy()
    {
        using var client = Client(new ScriptedHandler([.. Enumerable.Repeat(Json("", 503), 12)]));
        var error = await Assert.ThrowsAsync<CmekException>(() => client.GetCmekAsync(Cluster, Context));
        Assert.Equal(nameof(Errors.CloudFailed), error.ErrorId);
        Assert.StartsWith("CockroachDB Cloud failed with HTTP 503", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reads_are_repeated_after_every_transient_failure_and_writes_are_not()
    {
        var handler = new ScriptedHandler(
            Broken,
            Json("", 500),
            Json("", 502, ("Retry-After", "1")),
            Json("{}", 418, ("Retry-After", "1")),
            Json("""{"id":"o","name":"Acme"}""")
        );
        using var client = Client(handler);
        Assert.Equal("Acme", (await client.GetOrganizationAsync(Context)).Name);
        Assert.Equal(5, handler.Requests.Count);

        var once = new ScriptedHandler(Broken);
        using var writer = Client(once);
        Assert.Equal(
            "CloudUnreachable",
            (await Assert.ThrowsAsync<CmekException>(() => writer.RevokeCmekAsync(Cluster, Context))).ErrorId
        );
        Assert.Equal(("PATCH", $"/api/v1/clusters/{Id}/cmek", """{"action":"REVOKE"}"""), Assert.Single(once.Requests));
    }

    [Theory]
    [InlineData(429, "{}")]
    [InlineData(400, """{"code":8,"message":"rate limit exceeded"}""")]
    public async Task A_write_that_the_rate_limit_turned_away_is_repeated_whatever_the_status(int status, string body)
    {
        var handler = new ScriptedHandler(Json(body, status, ("Retry-After", "2")), Json("""{"status":"ENABLING"}"""));
        using var client = Client(handler);
        Assert.Equal("ENABLING", (await client.EnableCmekAsync(Cluster, Manifest.RegionSpecs, Context)).Status);
        Assert.Equal(2, handler.Requests.Count);
    }

    [Fact]
    public async Task Clusters_are_read_in_large_pages_unless_the_API_refuses_their_size()
    {
        var handler = new ScriptedHandler(
            Json("""{"code":3,"message":"pagination.limit is too large"}""", 400),
            Json("""{"clusters":[{"id":"a","name":"a"}],"pagination":{"next_page":"2"}}"""),
            Json("""{"clusters":[{"id":"b","name":"b"}],"pagination":null}""")
        );
        using var client = Client(handler);
        var names = new List<string>();
        await foreach (var cluster in client.ListClustersAsync(includeInactive: false, Context))
            names.Add(cluster.Name);
        Assert.Equal(["a", "b"], names);
        Assert.Equal(
            [
                "/api/v1/clusters?show_inactive=false&pagination.limit=500",
                "/api/v1/clusters?show_inactive=false",
                "/api/v1/clusters?show_inactive=false&pagination.page=2",
            ],
            handler.Requests.Select(r => r.Target)
        );
    }

    [Fact]
    public async Task No_more_than_ten_requests_begin_in_any_second()
    {
        var times = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://example.com"), new Secret(Secret))
            {
                Handler = new ScriptedHandler(_ =>
                {
                    times.Enqueue(Environment.TickCount64);
                    return Json("""{"id":"o"}""")(null!);
                }),
                TimeScale = 10,
            }
        );
        await Task.WhenAll(
            Enumerable
                .Range(0, 35)
                .Select(_ =>
                    client.GetOrganizationAsync(new OperationContext(_log, TimeProvider.System, CancellationToken.None))
                )
        );
        var sorted = times.Order().ToList();
        // A tenth of a real second is a second at this scale; the timer's own grain is allowed for.
        for (var i = 10; i < sorted.Count; i++)
            Assert.True(
                sorted[i] - sorted[i - 10] >= 80,
                $"requests {i - 10} to {i} within {sorted[i] - sorted[i - 10]} ms"
            );
    }

    [Fact]
    public async Task Headers_carry_key_and_version_and_nothing_prints_the_key()
    {
        var handler = new ScriptedHandler(Json("nothing", 401));
        using var client = Client(handler);
        var fault = await Assert.ThrowsAsync<CmekException>(() => client.GetOrganizationAsync(Context));
        Assert.Equal("Bearer " + Secret, handler.Messages[0].Headers.Authorization!.ToString());
        Assert.Equal("2024-09-16", Assert.Single(handler.Messages[0].Headers.GetValues("Cc-Version")));
        Assert.DoesNotContain(
            Secret,
            fault
                + string.Concat(_log.VerboseLines)
                + new Secret(Secret)
                + new CloudConnection(new Uri("https://x"), new Secret(Secret)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("ftp://127.0.0.1/")]
    public void Plain_text_goes_to_this_machine_only(string endpoint) =>
        Assert.Equal(
            "InsecureEndpoint",
            Assert
                .Throws<CmekException>(() =>
                    new CrdbCloudClient(new CloudConnection(new Uri(endpoint), new Secret("x")))
                )
                .ErrorId
        );

    [Fact]
    public async Task Pages_stream_and_unknown_values_and_fields_survive()
    {
        var handler = new ScriptedHandler(
            Json(
                """{"clusters":[{"id":"a","name":"a","plan":"GALACTIC","cloud_provider":"OCI","operation_status":"CLUSTER_STATUS_UNSPECIFIED","hovercraft":{"eels":3}}],"pagination":{"next_page":"t/=="}}"""
            ),
            Json("""{"clusters":[{"id":"b","name":"b"}],"pagination":null}""")
        );
        using var client = Client(handler);
        var seen = new List<CrdbCluster>();
        await foreach (var cluster in client.ListClustersAsync(false, Context))
        {
            if (seen.Count == 0)
                Assert.Single(handler.Requests);
            seen.Add(cluster);
        }

        Assert.Equal(["a", "b"], seen.Select(c => c.Name));
        Assert.Equal(
            ("GALACTIC", "OCI", "UNSPECIFIED"),
            (seen[0].Plan, seen[0].CloudProvider, seen[0].OperationStatus)
        );
        Assert.Equal(3L, Assert.IsType<CmekFields>(seen[0].AdditionalFields["hovercraft"])["eels"]);
        Assert.Equal("hovercraft={eels=3}", seen[0].AdditionalFields.ToString());
        Assert.EndsWith("pagination.page=t%2F%3D%3D", handler.Requests[1].Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CMEK_that_was_never_enabled_is_disabled_and_a_cluster_that_is_not_there_is_not()
    {
        using var never = Client(new ScriptedHandler(Json("{}", 404), Json($$"""{"id":"{{Id}}","name":"prod"}""")));
        Assert.Equal("DISABLED", (await never.GetCmekAsync(Cluster, Context)).Status);
        using var gone = Client(new ScriptedHandler(Json("{}", 404)));
        Assert.Equal(
            "ClusterNotFound",
            (await Assert.ThrowsAsync<CmekException>(() => gone.GetCmekAsync(Cluster, Context))).ErrorId
        );
    }

    [Fact]
    public async Task The_newest_key_in_force_comes_first()
    {
        using var client = Client(
            new ScriptedHandler(
                Json(
                    Cmek(
                        "ENABLED",
                        ("DISABLED", "old", "2026-06-01"),
                        ("ENABLED", "same", "2025-01-01"),
                        ("DISABLED", "older", "2024-01-01")
                    )
                )
            )
        );
        var region = Assert.Single((await client.GetCmekAsync(Cluster, Context)).Regions);
        Assert.Equal(["same", "old", "older"], region.Keys.Select(k => k.KeyUri));
    }
}
