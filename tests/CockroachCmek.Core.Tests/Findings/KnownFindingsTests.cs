using CockroachCmek.Core.Findings;

namespace CockroachCmek.Core.Tests.Findings;

/// <summary>Suppressions and the baseline.</summary>
public sealed class KnownFindingsTests : IDisposable
{
    private static readonly DateTimeOffset Today = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("findings").FullName;

    [Theory]
    [InlineData("CMEK018", "prod-*", null, null, true)]
    [InlineData("keygranted", "PROD-EU", null, null, true)]
    [InlineData("CMEK018", "35c4abb2-*", null, null, true)]
    [InlineData("CMEK018", "prod-e?", "eu-*", "*:key/1", true)]
    [InlineData("CMEK018", "dev-*", null, null, false)]
    [InlineData("CMEK017", "prod-eu", null, null, false)]
    [InlineData("CMEK018", "prod-eu", "us-*", null, false)]
    [InlineData("CMEK018", "prod-eu", null, "*:key/2", false)]
    public void An_entry_accepts_the_findings_that_it_names_and_leaves_their_status(
        string id,
        string cluster,
        string? region,
        string? key,
        bool accepts
    )
    {
        var yaml =
            $"- id: {id}\n  cluster: '{cluster}'\n  reason: agreed\n  expires: 2026-11-28\n"
            + (region is null ? "" : $"  region: '{region}'\n")
            + (key is null ? "" : $"  key: '{key}'\n");
        var checks = Known(yaml).Mark([Finding(CmekCheckStatus.Fail), Finding(CmekCheckStatus.Pass)], Today);
        Assert.Equal((accepts, accepts ? "agreed" : ""), (checks[0].Suppressed, checks[0].SuppressionReason));
        Assert.Equal(
            accepts ? new DateTimeOffset(2026, 11, 29, 0, 0, 0, TimeSpan.Zero) : null,
            checks[0].SuppressedUntil
        );
        Assert.Equal(CmekCheckStatus.Fail, checks[0].Status);
        Assert.False(checks[1].Suppressed);
        Assert.Null(checks[0].IsNew);
    }

    [Fact]
    public void An_entry_that_expired_or_matches_nothing_is_a_warning_and_accepts_nothing()
    {
        var known = Known(
            """
            {"suppressions": [
              {"id": "CMEK018", "cluster": "prod-eu", "reason": "r", "expires": "2026-11-27"},
              {"id": "CMEK017", "cluster": "prod-eu", "reason": "r", "expires": "2026-12-31"},
              {"id": "CMEK017", "cluster": "prod-ue", "reason": "r", "expires": "2026-12-31"}
            ]}
            """,
            ".json"
        );
        Assert.False(known.Mark([Finding(CmekCheckStatus.Unknown)], Today)[0].Suppressed);
        Assert.Equal(
            [
                "The suppression in line 2 (CMEK018 on prod-eu) expired on 2026-11-27 and does not apply. Remove it, "
                    + "or decide again.",
                "The suppression in line 3 (CMEK017 on prod-eu) matches no finding. Remove it.",
                "The suppression in line 4 (CMEK017 on prod-ue) matches no cluster that was checked.",
            ],
            known.Warnings(isWholeFleet: true)
        );
        // A run over some clusters cannot tell that an entry is for none.
        Assert.Equal(2, known.Warnings(isWholeFleet: false).Count());
    }

    [Theory]
    [InlineData("- id: CMEK018\n  cluster: a\n  reason: r\n", "line 1: expires is missing")]
    [InlineData(
        "- id: CMEK018\n  cluster: a\n  reason: ''\n  expires: 2027-01-31\n",
        "line 3: reason is a text that is not empty"
    )]
    [InlineData("- id: CMEK018\n  cluster: a\n  reason: r\n  expires: 31.1.2027\n", "line 4: expires is '31.1.2027'")]
    [InlineData(
        "- id: KeyGrantd\n  cluster: a\n  reason: r\n  expires: 2027-01-31\n",
        "line 1: there is no check 'KeyGrantd'; the nearest is CMEK018 (KeyGranted)"
    )]
    [InlineData(
        "- id: CMEK018\n  clusters: a\n  reason: r\n  expires: 2027-01-31\n",
        "line 2: there is no field 'clusters'"
    )]
    [InlineData("id: CMEK018\n", "line 1: the document is a list of entries")]
    [InlineData("- &a id: x\n", "line 1, column 3: an anchor (&a) is not allowed in a list of suppressions")]
    [InlineData(" \n", "line 1: the file is empty")]
    public void What_is_wrong_in_a_file_is_named_with_its_line(string yaml, string problem)
    {
        var error = Assert.Throws<CmekException>(() => Known(yaml));
        Assert.Equal("SuppressionFileInvalid", error.ErrorId);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_or_is_no_text_cannot_be_read()
    {
        var gone = Path.Combine(_folder, "gone.yml");
        Assert.Equal("SuppressionFileNotRead", Thrown(() => KnownFindings.Read(gone, null)).ErrorId);
        Assert.Equal("BaselineNotRead", Thrown(() => KnownFindings.Read(null, gone)).ErrorId);
        File.WriteAllBytes(gone, [0xC3, 0x28]);
        Assert.Equal("SuppressionFileNotRead", Thrown(() => KnownFindings.Read(gone, null)).ErrorId);
    }

    [Fact]
    public void A_finding_is_new_unless_the_baseline_had_one_that_was_as_bad()
    {
        var known = Baseline(
            """
            [{"ClusterId": "35c4abb2-bb66-46d7-afed-25ebef5ed2aa", "Region": "eu-west-1", "Check": "KeyGranted",
              "ErrorId": "KeyNotGranted", "Status": "Unknown"},
             {"ClusterId": "35c4abb2-bb66-46d7-afed-25ebef5ed2aa", "Region": "eu-west-1", "Check": "KeyUsable",
              "ErrorId": "KeyDisabled", "Status": 0}]
            """
        );
        bool?[] IsNew(params CmekCheckStatus[] found) =>
            [.. known.Mark([.. found.Select(Finding)], Today).Select(c => c.IsNew)];
        Assert.Equal([false], IsNew(CmekCheckStatus.Pass));
        Assert.Equal([false], IsNew(CmekCheckStatus.Unknown));
        Assert.Equal([false], IsNew(CmekCheckStatus.Warning));
        Assert.Equal([true], IsNew(CmekCheckStatus.Fail));
        // One was known; a second one is new.
        Assert.Equal([false, true], IsNew(CmekCheckStatus.Unknown, CmekCheckStatus.Warning));
        Assert.Equal(
            [true],
            known.Mark([Finding(CmekCheckStatus.Warning) with { Region = "x" }], Today).Select(c => c.IsNew)
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"value": [], "Count": 0}""")]
    public void A_baseline_without_findings_makes_every_finding_new(string json) =>
        Assert.True(Baseline(json).Mark([Finding(CmekCheckStatus.Fail)], Today)[0].IsNew);

    [Theory]
    [InlineData("[{\"Name\": 1}]", "line 1: this is not a check")]
    [InlineData("[{\"ClusterId\": \"\", \"Check\": \"KeyAge\", \"Status\": \"Good\"}]", "line 1: this is not a check")]
    [InlineData("[{\"ClusterId\": \"\", \"Check\": \"KeyAge\", \"Status\": 9}]", "line 1: this is not a check")]
    [InlineData("", "line 1: the file is empty")]
    [InlineData("[", "line 1, column 2")]
    public void A_file_that_is_no_baseline_is_refused_with_its_line(string json, string problem)
    {
        var error = Thrown(() => Baseline(json));
        Assert.Equal("BaselineInvalid", error.ErrorId);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CmekCheck Finding(CmekCheckStatus status) =>
        new()
        {
            ClusterId = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa",
            ClusterName = "prod-eu",
            Region = "eu-west-1",
            Check = CmekCheckName.KeyGranted,
            ErrorId = "KeyNotGranted",
            KeyUri = "arn:aws:kms:eu-west-1:111122223333:key/1",
            Status = status,
        };

    private static CmekException Thrown(Action action) => Assert.Throws<CmekException>(action);

    private KnownFindings Known(string text, string extension = ".yml") =>
        KnownFindings.Read(Write(text, extension), null);

    private KnownFindings Baseline(string json) => KnownFindings.Read(null, Write(json, ".json"));

    private string Write(string text, string extension)
    {
        var path = Path.Combine(_folder, "file" + extension);
        File.WriteAllText(path, text);
        return path;
    }
}
