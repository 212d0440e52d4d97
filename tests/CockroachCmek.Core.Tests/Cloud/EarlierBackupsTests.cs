using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>What is said and asked about managed backups that enabling makes useless.</summary>
public sealed class EarlierBackupsTests : CloudWorld
{
    private const string One = """{"backups":[{"id":"1","as_of_time":"2026-11-01T12:00:00Z"}]}""";

    [Theory]
    [InlineData("""{"backups":[]}""", 200, "")]
    [InlineData(One, 200, "the newest of 2026-11-01 12:00:00Z")]
    [InlineData("""{"code":7,"message":"not your cluster"}""", 403, "is unknown")]
    [InlineData("""{"code":5,"message":"Not Found"}""", 404, "is unknown")]
    public async Task Backups_are_named_before_anything_is_sent(string backups, int status, string warning)
    {
        var handler = Handler(Json(backups, status));
        await EnableAsync(handler, _log);
        if (warning.Length == 0)
            Assert.Empty(_log.Warnings);
        else
            Assert.Contains(warning, Assert.Single(_log.Warnings), StringComparison.Ordinal);
        Assert.Equal("POST", handler.Requests[^1].Method);
    }

    [Fact]
    public async Task Nothing_is_sent_when_the_question_is_declined()
    {
        var handler = Handler(Json(One));
        var log = new RecordingLog { Answer = false };
        Assert.True((await EnableAsync(handler, log)).IsPlanned);
        Assert.Single(log.Questions);
        Assert.DoesNotContain(handler.Requests, r => r.Method == "POST");
    }

    private static ScriptedHandler Handler(Func<HttpRequestMessage, HttpResponseMessage?> backups) =>
        new(request => Json(Cmek(request.Method == HttpMethod.Get ? "DISABLED" : "ENABLING"))(request))
        {
            Backups = backups,
        };

    private async Task<CmekInfo> EnableAsync(ScriptedHandler handler, RecordingLog log)
    {
        using var client = Client(handler);
        return await new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).EnableAsync(
            Cluster,
            Manifest,
            new WriteOptions(),
            null,
            Context with
            {
                Host = log,
            }
        );
    }
}
