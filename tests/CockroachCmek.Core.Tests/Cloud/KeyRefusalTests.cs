using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Manifest;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>Which refusals of a key are waited out, and which are final.</summary>
public sealed class KeyRefusalTests : CloudWorld
{
    private const string Sentence = "the customer key said no";

    private static readonly WriteOptions Fresh = new() { PrincipalsAreFresh = true };

    [Theory]
    [InlineData(400, 3)]
    [InlineData(401, 16)]
    [InlineData(403, 7)]
    public async Task A_refusal_in_any_wording_is_waited_out_while_a_grant_may_be_late(int status, int code)
    {
        var posts = 0;
        var handler = new ScriptedHandler(request =>
            (
                request.Method == HttpMethod.Get ? Json(Cmek("DISABLED"))
                : ++posts < 3 ? Refusal(status, code)
                : Json(Cmek("ENABLING"))
            )(request)
        );
        Assert.Equal("ENABLING", (await EnableAsync(handler, Fresh)).Status);
        Assert.Equal(3, posts);
        Assert.All(_log.ProgressRecords, p => Assert.Contains(Sentence, p.Status, StringComparison.Ordinal));
        Assert.NotEmpty(_log.ProgressRecords);
    }

    [Theory]
    [InlineData(400, 3, true, "KeyUseRefused", "sent again for")]
    [InlineData(401, 16, true, "KeyUseRefused", "sent again for")]
    [InlineData(403, 7, true, "KeyUseRefused", "the service account is allowed to read and not to write")]
    [InlineData(401, 16, false, "KeyUseRefused", "a grant on a key is missing")]
    [InlineData(400, 3, false, "CloudRefused", "HTTP 400")]
    public async Task A_refusal_that_stays_ends_with_the_API_s_sentence_and_what_is_known(
        int status,
        int code,
        bool isFresh,
        string id,
        string text
    )
    {
        var handler = new ScriptedHandler(request =>
            (request.Method == HttpMethod.Get ? Json(Cmek("DISABLED")) : Refusal(status, code))(request)
        );
        var options = isFresh ? Fresh with { Propagation = TimeSpan.FromSeconds(40) } : new WriteOptions();
        var error = await Assert.ThrowsAsync<CmekException>(() => EnableAsync(handler, options));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(Sentence, error.Message, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        var posts = handler.Requests.Count(r => r.Method == "POST");
        Assert.True(isFresh ? posts is > 1 and < 7 : posts == 1, $"{posts} requests");
    }

    [Theory]
    [InlineData(400, 9, "", "CloudRefused")]
    [InlineData(412, 9, "", "CloudRefused")]
    [InlineData(
        400,
        3,
        """{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[{"field":"region_specs[0].region"}]}""",
        "CloudFieldRefused"
    )]
    public async Task A_refusal_that_cannot_pass_is_reported_at_once(int status, int code, string detail, string id)
    {
        var handler = new ScriptedHandler(request =>
            (request.Method == HttpMethod.Get ? Json(Cmek("DISABLED")) : Refusal(status, code, detail))(request)
        );
        var error = await Assert.ThrowsAsync<CmekException>(() => EnableAsync(handler, Fresh));
        Assert.Equal(id, error.ErrorId);
        Assert.Single(handler.Requests, r => r.Method == "POST");
        if (detail.Length > 0)
            Assert.Contains("region_specs[0].region", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_API_key_is_no_late_grant()
    {
        var isRevoked = false;
        var handler = new ScriptedHandler(request =>
            ((isRevoked |= request.Method == HttpMethod.Post) ? Refusal(401, 16) : Json(Cmek("DISABLED")))(request)
        );
        var error = await Assert.ThrowsAsync<CmekException>(() => EnableAsync(handler, Fresh));
        Assert.Equal("ApiKeyRefused", error.ErrorId);
        Assert.Single(handler.Requests, r => r.Method == "POST");
    }

    private static Func<HttpRequestMessage, HttpResponseMessage?> Refusal(int status, int code, string detail = "") =>
        Json($$"""{"code":{{code}},"message":"{{Sentence}}","details":[{{detail}}]}""", status);

    private async Task<CmekInfo> EnableAsync(ScriptedHandler handler, WriteOptions options)
    {
        using var client = Client(handler);
        return await new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)).EnableAsync(
            Cluster,
            Manifest,
            options,
            null,
            Context
        );
    }
}
