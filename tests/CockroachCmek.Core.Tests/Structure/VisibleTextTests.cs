using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Tests.Cloud;
using CsCheck;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>Text from outside cannot steer a terminal, forge a line, or leave a folder.</summary>
public sealed class VisibleTextTests : CloudWorld
{
    [Theory]
    [InlineData("\u001b[31mred\u0007", @"\u001B[31mred\u0007")]
    [InlineData("a\r\nWARNING: b\tc", "a WARNING: b c")]
    [InlineData("a\u202Eb\u2066c\u200Bd\0", @"a\u202Eb\u2066c\u200Bd\u0000")]
    [InlineData("\u009b1m end", @"\u009B1m end")]
    [InlineData("Zürich, 東京 😀 it's \"fine\"", "Zürich, 東京 😀 it's \"fine\"")]
    public void What_a_terminal_would_obey_becomes_visible(string text, string shown) =>
        Assert.Equal(shown, VisibleText.Line(text));

    [Fact]
    public void Half_a_character_becomes_visible() =>
        Assert.Equal(@"\uD800 end", VisibleText.Line($"{(char)0xD800} end"));

    [Fact]
    public void No_text_stays_hidden() =>
        Gen.String[Gen.Char, 0, 40]
            .Sample(text =>
            {
                var shown = VisibleText.Line(text);
                return !shown.Any(VisibleText.IsHidden) && VisibleText.Line(shown) == shown;
            });

    [Fact]
    public void Messages_targets_and_advice_are_visible()
    {
        var error = Errors.CloudNotFound(RequestTarget.Cluster("x\u001b]0;y\u0007"), "no\u202E", null);
        Assert.DoesNotContain($"{error.Message}{error.Target}{error.RecommendedAction}", VisibleText.IsHidden);
    }

    [Fact]
    public async Task What_the_API_sends_is_visible()
    {
        var handler = new ScriptedHandler(
            Json($$$"""{"clusters":[{"id":"{{{Id}}}","name":"a\u001b[2J\u202eb","extra":{"c":"‮"}}]}""")
        );
        using var client = Client(handler);
        await foreach (var cluster in client.ListClustersAsync(false, Context))
        {
            Assert.Equal(@"a\u001B[2J\u202Eb", cluster.Name);
            Assert.DoesNotContain(cluster.AdditionalFields.ToString(), VisibleText.IsHidden);
        }
    }

    [Theory]
    [InlineData("""{"id":"35c4abb2","regions":[{"name":"eu-west-1; touch x #"}]}""")]
    [InlineData("""{"id":"35c4abb2","account_id":"crl$(touch x)"}""")]
    [InlineData("""{"id":"../../organization"}""")]
    [InlineData("""{"id":"35c4abb2","cloud_provider":"AWS\n"}""")]
    public async Task Names_that_cannot_be_names_are_refused(string cluster)
    {
        using var client = Client(new ScriptedHandler(Json(cluster)));
        var error = await Assert.ThrowsAsync<CmekException>(() => client.GetClusterAsync(Id, Context));
        Assert.Equal("BadAnswer", error.ErrorId);
    }

    [Theory]
    [InlineData("prod-eu", "prod-eu")]
    [InlineData("../../escape", "_.._escape-7")]
    [InlineData("/etc/passwd", "_etc_passwd-7")]
    [InlineData("..", "-7")]
    [InlineData("a\\b:c", "a_b_c-7")]
    [InlineData("NUL", "_NUL-7")]
    [InlineData("con.json", "_con.json-7")]
    [InlineData("", "-7")]
    public void A_file_name_stays_in_its_folder(string cluster, string file) =>
        Assert.Equal(file, FileNames.Of(cluster, "7"));

    [Fact]
    public void No_name_of_a_cluster_leads_out_of_its_folder() =>
        Gen.String[Gen.Char["./\\:~$ aZ\0\n"], 0, 12]
            .Sample(name =>
            {
                var folder = Path.GetTempPath();
                var file = FileNames.Of(name, Id) + ".json";
                return Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, file))) + "/" == folder
                    && Path.GetFileName(file) == file;
            });

    [Fact]
    public async Task An_error_page_of_any_size_is_read_to_its_end()
    {
        Assert.Equal("a b", ServerText.OfPage("<html><p>a</p>\n\n<p>b</p>"));
        var cancellation = TestContext.Current.CancellationToken;
        var reading = Task.Run(() => ServerText.OfPage(new string('<', 8_000_000)), cancellation);
        // A quadratic reading would not come back within hours.
        Assert.Equal("", await reading.WaitAsync(TimeSpan.FromMinutes(1), cancellation));
    }
}
