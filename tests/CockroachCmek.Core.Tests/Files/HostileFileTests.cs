using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;
using CsCheck;

namespace CockroachCmek.Core.Tests.Files;

/// <summary>Whatever a file holds, it is read soon, or refused with an error of the module's own.</summary>
public sealed class HostileFileTests
{
    private const string Record = """
        {
          "cluster_id": "35c4abb2-bb66-46d7-afed-25ebef5ed2aa", "cluster_name": "prod", "cloud_provider": "AWS",
          "method": "RemoveGrant", "revoked_at": "2026-11-27T00:00:00Z", "status": "REVOKED",
          "changes": [
            {
              "regions": ["eu-west-1"], "key_uri": "arn:aws:kms:eu-west-1:111122223333:key/k",
              "auth_principal": "arn:aws:iam::111122223333:role/r", "kind": "KeyPolicyGrant",
              "target": "arn:aws:kms:eu-west-1:111122223333:key/k", "action": "Remove", "state": "Done", "fault": "",
              "document": [{ "index": 0, "statement": { "Effect": "Allow" } }]
            }
          ]
        }
        """;

    private const string ManifestText = """
        {
          "region_specs": [
            {
              "region": "us-east-1",
              "key_spec": {
                "type": "AWS_KMS",
                "uri": "arn:aws:kms:us-east-1:111122223333:key/k",
                "auth_principal": "arn:aws:iam::111122223333:role/r"
              }
            }
          ]
        }
        """;

    private static readonly string[] Values =
    [
        "null",
        "-5",
        "1e999",
        "true",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "[]",
        "[null]",
        "{}",
        "{\"index\":-5}",
        "\"x\"",
    ];

    private static readonly ManifestReader Reader = new(CustomerClouds.All);

    [Fact]
    public void A_record_with_any_value_in_any_place_is_read_or_refused()
    {
        foreach (var text in Mutations(Record))
            Only(() => RevocationFile.Write(RevocationFile.Read(text, "record.json")), text);
    }

    [Fact]
    public void A_manifest_with_any_value_in_any_place_is_read_or_refused()
    {
        foreach (var text in Mutations(ManifestText))
        foreach (var format in new[] { CmekManifestFormat.Json, CmekManifestFormat.Yaml })
            Only(() => Reader.Read(text, format), text);
    }

    [Theory]
    [InlineData("region_specs: !! x")]
    [InlineData("region_specs: [!!]")]
    [InlineData("region_specs: ! x")]
    [InlineData("region_specs: !<> x")]
    [InlineData("region_specs: !<a b> x")]
    [InlineData("region_specs: !a!%zz x")]
    [InlineData("region_specs: & x")]
    [InlineData("region_specs: * x")]
    [InlineData("%TAG ! !!\n---\nregion_specs: !x y")]
    [InlineData("%YAML 9.9\n---\nregion_specs: x")]
    public void Tags_and_anchors_without_a_name_are_refused_with_their_place(string text)
    {
        var refused = Assert.Throws<CmekException>(() => Reader.Read(text, CmekManifestFormat.Yaml));

        Assert.Matches("[Ll]ine [0-9]", refused.Message);
    }

    [Fact]
    public void Damaged_files_are_read_or_refused() =>
        Gen.Select(
                Gen.OneOfConst(Record, ManifestText),
                Gen.Int[0, 2000],
                Gen.Int[0, 40],
                Gen.String[Gen.Char["{}[]\",:\0\u001b-&*!|>#%@`'\n\t é"], 0, 5]
            )
            .Sample(
                (text, at, length, insert) =>
                {
                    var start = at % text.Length;
                    var end = Math.Min(text.Length, start + length);
                    var damaged = text[..start] + insert + text[end..];
                    Only(() => RevocationFile.Read(damaged, "r"), damaged);
                    Only(() => Reader.Read(damaged, CmekManifestFormat.Json), damaged);
                    Only(() => Reader.Read(damaged, CmekManifestFormat.Yaml), damaged);
                },
                iter: 2_000
            );

    /// <summary>A reading that is quadratic takes longer than anybody waits, which ends the test.</summary>
    [Theory]
    [InlineData("{\"a\":1,", "\"b\":1,", "\"c\":1}")]
    [InlineData("{\"a\":1,\n", "\"b\":1,\n", "\"c\":1}")]
    [InlineData("a: 1\n", "b: 1\n", "")]
    [InlineData("- 1\n", "- 1\n", "")]
    [InlineData("[", "[", "")]
    [InlineData("", "{a: ", "")]
    [InlineData("", "? ", "")]
    [InlineData("", "${", "")]
    [InlineData("a: \"", "\\n", "\"")]
    [InlineData("a: '", "''", "'")]
    [InlineData("a: |\n", " x\n", "")]
    [InlineData("", "#\n", "a: 1")]
    [InlineData("region_specs: [{region: \"", "${", "\", key_spec: {}}]")]
    [InlineData("{\"region_specs\":[", "{\"region\":\"r\"},", "{}]}")]
    public async Task A_manifest_of_one_megabyte_comes_to_an_end(string begin, string middle, string end)
    {
        var count = (ManifestReader.LargestFile - begin.Length - end.Length) / middle.Length;
        var text = begin + string.Concat(Enumerable.Repeat(middle, count)) + end;
        var reading = Task.Run(
            () =>
            {
                foreach (var format in new[] { CmekManifestFormat.Json, CmekManifestFormat.Yaml })
                    Only(() => Reader.Read(text, format), begin);
            },
            TestContext.Current.CancellationToken
        );
        await reading.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_NUL_is_named_with_its_place()
    {
        var error = Assert.Throws<CmekException>(() => Reader.Read("a: 1\nb: \0", CmekManifestFormat.Yaml));
        Assert.Equal("ManifestSyntax", error.ErrorId);
        Assert.Contains(@"line 2, column 4: the control character \u0000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_an_end_is_too_large()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "This machine has no /dev/zero.");
        Assert.Equal("ManifestTooLarge", Assert.Throws<CmekException>(() => Reader.ReadFile("/dev/zero")).ErrorId);
    }

    [Fact]
    public async Task A_change_that_cannot_be_read_does_not_hold_up_the_others()
    {
        var changes = RevocationFile.Read(Record, "record.json").Changes;
        var (done, errors) = await AccessChanges.ApplyAsync(
            [changes[0] with { Target = "bad" }, changes[0]],
            _ => false,
            (change, _) =>
                change.Target == "bad"
                    ? throw new InvalidOperationException("An element of type 'Number' cannot be converted.")
                    : Task.FromResult(change with { State = CmekAccessChangeState.Restored }),
            _ => { },
            new OperationContext(new RecordingLog(), TimeProvider.System, CancellationToken.None)
        );
        Assert.Equal([CmekAccessChangeState.Failed, CmekAccessChangeState.Restored], done.Select(c => c.State));
        Assert.Equal("RevocationFileInvalid", Assert.Single(errors).ErrorId);
    }

    /// <summary>The document with every value replaced by every other one.</summary>
    private static IEnumerable<string> Mutations(string document)
    {
        var places = Places(JsonNode.Parse(document)!).Count();
        for (var i = 0; i < places; i++)
            foreach (var value in Values)
            {
                var root = JsonNode.Parse(document)!;
                Places(root).ElementAt(i).ReplaceWith("@here@");
                yield return root.ToJsonString().Replace("\"@here@\"", value, StringComparison.Ordinal);
            }
    }

    private static IEnumerable<JsonNode> Places(JsonNode node)
    {
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject map => map.Select(p => p.Value),
            JsonArray list => list,
            _ => [],
        };
        foreach (var child in inner.OfType<JsonNode>())
        {
            yield return child;
            foreach (var place in Places(child))
                yield return place;
        }
    }

    private static void Only(Action read, string text)
    {
        try
        {
            read();
        }
        catch (CmekException)
        {
            // Refused in the module's own terms.
        }
        catch (Exception error)
        {
            Assert.Fail($"{error.GetType().Name}: {error.Message} for {text[..Math.Min(text.Length, 2_000)]}");
        }
    }
}
