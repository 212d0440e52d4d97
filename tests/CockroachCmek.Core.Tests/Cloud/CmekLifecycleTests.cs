using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>Enabling and waiting, against scripted responses.</summary>
public sealed class CmekLifecycleTests : CloudWorld
{
    [Fact]
    public async Task A_lost_response_to_enable_is_settled_by_reading()
    {
        var processed = new ScriptedHandler(
            Json(Cmek("DISABLED")),
            Json(Cmek("DISABLED")),
            Broken,
            Json(Cmek("ENABLING", ("ENABLING", Manifest.RegionSpecs[0].KeyUri, "2026-01-01")))
        );
        using var client = Client(processed);
        Assert.Equal(
            "ENABLING",
            (
                await new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).EnableAsync(
                    Cluster,
                    Manifest,
                    new WriteOptions(),
                    null,
                    Context
                )
            ).Status
        );
        Assert.Equal(["GET", "GET", "POST", "GET"], processed.Requests.Select(r => r.Method));

        var lost = new ScriptedHandler(
            Json(Cmek("DISABLED")),
            Json(Cmek("DISABLED")),
            Json("", 500),
            Json(Cmek("DISABLED")),
            Json(Cmek("DISABLED")),
            Json(Cmek("ENABLING"))
        );
        using var again = Client(lost);
        await new CmekLifecycle(again, new ManifestCheck(CustomerClouds.All)).EnableAsync(
            Cluster,
            Manifest,
            new WriteOptions(),
            null,
            Context
        );
        Assert.Equal(["GET", "GET", "POST", "GET", "GET", "POST"], lost.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task A_refused_key_is_tried_again_only_while_its_grant_is_fresh()
    {
        var refusal = Json("""{"code":3,"message":"Insufficient permissions to access the KMS key"}""", 400);
        var tries = 0;
        var handler = new ScriptedHandler(request =>
            request.Method == HttpMethod.Get ? Json(Cmek("DISABLED"))(request)
            : ++tries < 3 ? refusal(request)
            : Json(Cmek("ENABLING"))(request)
        );
        using var client = Client(handler);
        await new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).EnableAsync(
            Cluster,
            Manifest,
            new WriteOptions { PrincipalsAreFresh = true },
            null,
            Context
        );
        Assert.Equal(3, handler.Requests.Count(r => r.Method == "POST"));

        HttpResponseMessage? Refuse(HttpRequestMessage request) =>
            request.Method == HttpMethod.Get ? Json(Cmek("DISABLED"))(request) : refusal(request);
        using var stale = Client(new ScriptedHandler(Refuse));
        Assert.Equal(
            "KeyAccessDenied",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    new CmekLifecycle(stale, new ManifestCheck(CustomerClouds.All)).EnableAsync(
                        Cluster,
                        Manifest,
                        new WriteOptions(),
                        null,
                        Context
                    )
                )
            ).ErrorId
        );
        using var never = Client(new ScriptedHandler(Refuse));
        Assert.Equal(
            "KeyAccessDenied",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    new CmekLifecycle(never, new ManifestCheck(CustomerClouds.All)).EnableAsync(
                        Cluster,
                        Manifest,
                        new WriteOptions { PrincipalsAreFresh = true },
                        null,
                        Context
                    )
                )
            ).ErrorId
        );
    }

    [Fact]
    public async Task A_busy_cluster_is_waited_for_no_longer_than_the_timeout_and_progress_says_so()
    {
        var handler = new ScriptedHandler(request =>
            (
                request.Method == HttpMethod.Get
                    ? Json(Cmek("DISABLED"))
                    : Json("""{"code":14,"message":"cluster is locked"}""", 503)
            )(request)
        );
        using var client = Client(handler);
        var context = Context;
        var start = context.Time.GetTimestamp();
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).EnableAsync(
                Cluster,
                Manifest,
                new WriteOptions { Timeout = TimeSpan.FromMinutes(10) },
                null,
                context
            )
        );
        Assert.Equal("ClusterBusy", error.ErrorId);
        Assert.InRange(context.Time.GetElapsedTime(start), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20));
        Assert.All(_log.ProgressRecords, p =>
            Assert.Contains("of 00:10:00 (-Timeout)", p.Status, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_wait_is_not_over_while_anything_is_unsettled()
    {
        var handler = new ScriptedHandler(
            Json("""{"status":"ENABLED","region_infos":[]}"""),
            Json(Cmek("ENABLING", ("ENABLING", "k", "2026-01-01"))),
            Json(Cmek("ENABLED", ("ENABLING", "k", "2026-01-01"))),
            Json(Cmek("SHIMMERING", ("ENABLED", "k", "2026-01-01"))),
            Json(Cmek("ENABLED", ("ENABLED", "k", "2026-01-01")))
        );
        using var client = Client(handler);
        await new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).WaitAsync(
            Cluster,
            new WaitOptions { Expected = "ENABLED" },
            Context
        );
        Assert.Equal(5, handler.Requests.Count);
    }

    [Fact]
    public async Task A_failure_carries_the_API_s_own_message_and_a_stop_ends_a_wait()
    {
        using var failed = Client(
            new ScriptedHandler(
                Json(
                    """{"status":"ENABLE_FAILED","region_infos":[{"region":"us-east-1","status":"ENABLE_FAILED","key_infos":[{"status":"ENABLE_FAILED","user_message":"grant kms:Decrypt","spec":{"uri":"k"}}]}]}"""
                )
            )
        );
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            new CmekLifecycle(failed, new ManifestCheck(CustomerClouds.All)).WaitAsync(
                Cluster,
                new WaitOptions(),
                Context
            )
        );
        Assert.Equal("CmekOperationFailed", fault.ErrorId);
        Assert.Contains("grant kms:Decrypt", fault.Message, StringComparison.Ordinal);

        using var stop = new CancellationTokenSource();
        using var endless = Client(
            new ScriptedHandler(_ =>
            {
                stop.Cancel();
                return Json(Cmek("ENABLING"))(null!);
            })
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new CmekLifecycle(endless, new ManifestCheck(CustomerClouds.All)).WaitAsync(
                Cluster,
                new WaitOptions(),
                Context with
                {
                    Time = TimeProvider.System,
                    CancellationToken = stop.Token,
                }
            )
        );
    }
}
