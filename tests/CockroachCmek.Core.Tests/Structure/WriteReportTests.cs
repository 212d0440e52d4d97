using CockroachCmek.Core.Tests.Cloud;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>What an error says about writes is computed from what was written.</summary>
public sealed class WriteReportTests : CloudWorld
{
    private readonly WriteReport _writes = new();

    [Fact]
    public void An_error_before_the_first_write_says_that_nothing_was_written()
    {
        var error = Errors.CmekBusy("prod", "ENABLING");
        Assert.Same(error, _writes.Correct(error));
    }

    [Fact]
    public void The_same_error_after_a_write_names_it_instead()
    {
        _writes.Add("AWS KMS CreateKey eu-west-1", isCertain: true);
        _writes.Add("AWS KMS CreateAlias a", isCertain: false);
        var corrected = _writes.Correct(Errors.CmekBusy("prod", "ENABLING"));
        Assert.DoesNotContain("othing was", corrected.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "Written before: AWS KMS CreateKey eu-west-1. "
                + "It is not known whether this was processed: AWS KMS CreateAlias a.",
            corrected.Message,
            StringComparison.Ordinal
        );
        Assert.Equal("CmekBusy", corrected.ErrorId);
    }

    [Fact]
    public void Every_form_of_the_claim_is_corrected()
    {
        _writes.Add("X", isCertain: true);
        string[] claims =
        [
            "Nothing was written for 'prod'. The key is disabled.",
            "The cluster is busy. Nothing was sent.",
            "It needs -Force, so nothing was sent.",
            "The regions were changed elsewhere. Nothing was sent, so that no region is lost.",
            "'prod' is on AWS, which does not support -X. This command wrote nothing.",
        ];
        foreach (var claim in claims)
        {
            var message = _writes.Correct(Errors.Make(CmekErrorKind.Busy, null, claim, "x")).Message;
            Assert.DoesNotContain("othing", message, StringComparison.Ordinal);
            Assert.Contains("Written before: X.", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Writes_to_CockroachDB_Cloud_are_reported_and_reads_and_refusals_are_not()
    {
        using var client = Client(new ScriptedHandler(Json("""{"status":"ENABLING"}"""), Json("{}", 400), Broken));
        await client.EnableCmekAsync(Cluster, Manifest.RegionSpecs, Context);
        await Assert.ThrowsAsync<CmekException>(() => client.RevokeCmekAsync(Cluster, Context));
        await Assert.ThrowsAsync<CmekException>(() => client.RevokeCmekAsync(Cluster, Context));
        Assert.Equal(
            [
                $"CockroachDB Cloud POST /api/v1/clusters/{Id}/cmek",
                $"perhaps CockroachDB Cloud PATCH /api/v1/clusters/{Id}/cmek",
            ],
            _log.Writes
        );
    }
}
