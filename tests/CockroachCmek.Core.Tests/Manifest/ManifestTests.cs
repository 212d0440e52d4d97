using System.Text;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Manifest;
using CsCheck;

namespace CockroachCmek.Core.Tests.Manifest;

public sealed class ManifestTests
{
    private static readonly ManifestReader Reader = new(CustomerClouds.All);

    private const string Good = """
        {
          "region_specs": [
            {
              "region": "us-east-1",
              "key_spec": {
                "type": "AWS_KMS",
                "uri": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "auth_principal": "arn:aws:iam::111122223333:role/crdb-cmek"
              }
            }
          ]
        }
        """;

    private const string GoodYaml = """
        ---
        region_specs:
        - region: "us-east4"   # the page's form
          key_spec:
            type: GCP_CLOUD_KMS
            uri: "projects/p/locations/global/keyRings/r/cryptoKeys/k"
            auth_principal: "crdb-cmek@my-proj.iam.gserviceaccount.com"
        """;

    [Theory]
    [InlineData(Good, CmekManifestFormat.Json, "AWS_KMS")]
    [InlineData("\uFEFF" + Good, CmekManifestFormat.Json, "AWS_KMS")]
    [InlineData(GoodYaml, CmekManifestFormat.Yaml, "GCP_CLOUD_KMS")]
    public void The_pages_documents_are_read_and_written_again_to_the_letter(
        string text,
        CmekManifestFormat format,
        string type
    )
    {
        var manifest = Reader.Read(text, format);
        Assert.Equal(type, Assert.Single(manifest.RegionSpecs).KeyType);
        Assert.Equal(text, ManifestWriter.Write(manifest, format));
        var other = format == CmekManifestFormat.Json ? CmekManifestFormat.Yaml : CmekManifestFormat.Json;
        Assert.Equal(manifest.RegionSpecs, Reader.Read(ManifestWriter.Write(manifest, other), other).RegionSpecs);
    }

    [Theory]
    [InlineData(
        "\"region\": \"us-east-1\"",
        "\"regoin\": \"us-east-1\"",
        "line 4, column 7: 'regoin' looks like 'region' misspelt"
    )]
    [InlineData("\"uri\":", "\"URI\":", "line 7, column 9: 'URI' looks like 'uri' misspelt")]
    [InlineData("\"auth_principal\":", "\"auth-principal\":", "looks like 'auth_principal' misspelt")]
    [InlineData("\"type\": \"AWS_KMS\",", "", "line 5, column 19: type is missing in key_spec")]
    [InlineData("\"AWS_KMS\"", "\"NULL_KMS\"", "line 6, column 17: type NULL_KMS is not a key of yours")]
    [InlineData("\"AWS_KMS\"", "\"aws_kms\"", "type 'aws_kms' is none of")]
    [InlineData("\"AWS_KMS\"", "7", "type is a text, not 7")]
    [InlineData("\"AWS_KMS\"", "null", "type is a text, not null")]
    [InlineData(
        "\"us-east-1\"",
        "\"{COCKROACHDB_CLOUD_REGION}\"",
        "region still holds the placeholder '{COCKROACHDB_CLOUD_REGION}'"
    )]
    [InlineData("\"us-east-1\"", "\"${CLUSTER_REGION}\"", "region still holds the placeholder")]
    [InlineData("\"us-east-1\"", "\" \"", "region is empty")]
    [InlineData("\"us-east-1\"", "\"us-east-1 \"", "region begins or ends with a blank")]
    [InlineData(
        "\"region\": \"us-east-1\"",
        "\"region\": \"us-east-1\", \"region\": \"b\"",
        "region stands twice in the region spec"
    )]
    [InlineData("\"region_specs\"", "\"region_spec\"", "looks like 'region_specs' misspelt")]
    public void What_is_wrong_is_said_with_its_place(string find, string replace, string problem)
    {
        var fault = Assert.Throws<CmekException>(() =>
            Reader.Read(Good.Replace(find, replace, StringComparison.Ordinal), CmekManifestFormat.Json)
        );
        Assert.Equal("ManifestInvalid", fault.ErrorId);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", CmekManifestFormat.Json, "ManifestEmpty")]
    [InlineData("# only a comment", CmekManifestFormat.Yaml, "ManifestEmpty")]
    [InlineData("{", CmekManifestFormat.Json, "ManifestSyntax")]
    [InlineData("{} {}", CmekManifestFormat.Json, "ManifestSyntax")]
    [InlineData("[]", CmekManifestFormat.Json, "ManifestInvalid")]
    [InlineData("{\"region_specs\": {}}", CmekManifestFormat.Json, "ManifestInvalid")]
    [InlineData("{\"region_specs\": []}", CmekManifestFormat.Json, "ManifestInvalid")]
    [InlineData("a: &x 1\nb: *x", CmekManifestFormat.Yaml, "ManifestSyntax")]
    [InlineData("region_specs: !!python/object []", CmekManifestFormat.Yaml, "ManifestSyntax")]
    [InlineData("<<: {a: b}", CmekManifestFormat.Yaml, "ManifestSyntax")]
    [InlineData("region_specs: []\n---\nregion_specs: []", CmekManifestFormat.Yaml, "ManifestSyntax")]
    [InlineData("a: b: c", CmekManifestFormat.Yaml, "ManifestSyntax")]
    public void What_is_no_manifest_is_refused(string text, CmekManifestFormat format, string errorId) =>
        Assert.Equal(errorId, Assert.Throws<CmekException>(() => Reader.Read(text, format)).ErrorId);

    [Fact]
    public void Every_problem_is_in_one_error()
    {
        var text = Good.Replace("us-east-1\",", "{R}\",", StringComparison.Ordinal)
            .Replace("AWS_KMS", "NULL_KMS", StringComparison.Ordinal)
            .Replace("auth_principal", "auth_princpal", StringComparison.Ordinal);
        var message = Assert.Throws<CmekException>(() => Reader.Read(text, CmekManifestFormat.Json)).Message;
        Assert.Equal(3, message.Split("line ").Length - 1);
    }

    [Fact]
    public void A_region_that_stands_twice_names_its_first_line()
    {
        var yaml = GoodYaml + "\n" + string.Join('\n', GoodYaml.Split('\n').Skip(2));
        Assert.Contains(
            "region 'us-east4' stands in line 3 already",
            Assert.Throws<CmekException>(() => Reader.Read(yaml, CmekManifestFormat.Yaml)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Files_over_one_megabyte_are_not_read()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, new string(' ', ManifestReader.LargestFile + 1));
            Assert.Equal("ManifestTooLarge", Assert.Throws<CmekException>(() => Reader.ReadFile(file)).ErrorId);
            File.WriteAllBytes(file, [0xff, 0xfe, 0x00]);
            Assert.Equal("ManifestSyntax", Assert.Throws<CmekException>(() => Reader.ReadFile(file)).ErrorId);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Unknown_fields_that_are_no_typos_survive_both_formats()
    {
        var text = Good.Replace(
            "\"region\":",
            "\"x_note\": [1, true, null, \"yes\", {\"deep\": 0.5}],\n      \"region\":",
            StringComparison.Ordinal
        );
        var manifest = Reader.Read(text, CmekManifestFormat.Json);
        var back = Reader.Read(ManifestWriter.Write(manifest, CmekManifestFormat.Yaml), CmekManifestFormat.Yaml);
        var json = ManifestWriter.Write(back, CmekManifestFormat.Json);
        Assert.True(
            System.Text.Json.Nodes.JsonNode.DeepEquals(
                System.Text.Json.Nodes.JsonNode.Parse(text),
                System.Text.Json.Nodes.JsonNode.Parse(json)
            ),
            json
        );
    }

    [Fact]
    public void Whatever_is_written_is_read_back_the_same() =>
        Gen.Select(
                Gen.OneOf(
                        Gen.Const("yes"),
                        Gen.Const("0123"),
                        Gen.Const("2026-01-01"),
                        Gen.Const("a: b # c"),
                        Gen.Const("é\"'\\"),
                        Gen.String[Gen.Char[' ', '~'], 1, 30]
                    )
                    .Where(s => s.Trim() == s && s.Length > 0 && s.IndexOfAny(['{', '<', '$']) < 0),
                Gen.Enum<CmekManifestFormat>()
            )
            .Sample(
                (value, format) =>
                {
                    var manifest = new CmekManifest
                    {
                        RegionSpecs =
                        [
                            new CmekRegionSpec
                            {
                                Region = value,
                                KeySpec = new CmekKeySpec
                                {
                                    Type = "AWS_KMS",
                                    Uri = value,
                                    AuthPrincipal = value,
                                },
                            },
                        ],
                    };
                    Assert.Equal(
                        manifest.RegionSpecs,
                        Reader.Read(ManifestWriter.Write(manifest, format), format).RegionSpecs
                    );
                }
            );

    [Fact]
    public void Damage_never_gives_anything_but_an_explained_refusal() =>
        Gen.Select(Gen.OneOfConst(Good, GoodYaml), Gen.Int[0, 400], Gen.Byte, Gen.Enum<CmekManifestFormat>())
            .Sample(
                (text, at, with, format) =>
                {
                    var bytes = Encoding.Latin1.GetBytes(text);
                    bytes[at % bytes.Length] = with;
                    try
                    {
                        Reader.Read(Encoding.Latin1.GetString(bytes), format);
                    }
                    catch (CmekException fault)
                    {
                        Assert.NotEmpty(fault.RecommendedAction);
                    }
                }
            );

    [Theory]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/mrk-1", "AWS_KMS", null)]
    [InlineData("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1", "AWS_KMS", null)]
    [InlineData("arn:aws:kms:us-east-1:111122223333:alias/x", null, "alias")]
    [InlineData("projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1", null, "leave /cryptoKeyVersions")]
    [InlineData("https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef", "AZURE_KEY_VAULT", null)]
    [InlineData("https://v.vault.azure.net/keys/k", null, "no version")]
    [InlineData("mrk-1234", null, "not a key ARN")]
    public void A_URI_is_a_key_or_says_why_it_is_none(string uri, string? type, string? problem)
    {
        var parsed = CustomerClouds.All.ParseKeyUri(uri);
        Assert.Equal(type, parsed.KeyType);
        if (problem is not null)
            Assert.Contains(problem, parsed.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ADVANCED", "CREATED", "PRIVATE", "us-east-1", new string[0])]
    [InlineData("STANDARD", "CREATED", "", "us-east-1", new[] { "PlanNotSupported" })]
    [InlineData(
        "ADVANCED",
        "CREATION_FAILED",
        "PUBLIC",
        "us-east-1",
        new[] { "AdvancedSecurityMissing", "ClusterNotReady" }
    )]
    [InlineData("ADVANCED", "CREATED", "PRIVATE", "us-west-2", new[] { "RegionMissing", "RegionUnknown" })]
    public void A_manifest_is_checked_against_its_cluster(
        string plan,
        string state,
        string visibility,
        string clusterRegion,
        string[] failed
    )
    {
        var cluster = new CrdbCluster
        {
            Id = "c",
            Name = "c",
            CloudProvider = "AWS",
            Plan = plan,
            State = state,
            NetworkVisibility = visibility,
            Regions = [new CrdbRegion { Name = clusterRegion }],
        };
        var checks = new ManifestCheck(CustomerClouds.All).Check(cluster, Reader.Read(Good, CmekManifestFormat.Json));
        Assert.Equal(failed, checks.Where(c => c.Status == CmekCheckStatus.Fail).Select(c => c.ErrorId));
        Assert.All(checks.Where(c => c.Status is CmekCheckStatus.Fail or CmekCheckStatus.Warning), c =>
            Assert.NotEmpty(c.Remedy)
        );
    }

    [Fact]
    public void A_manifest_of_another_cloud_fails()
    {
        var cluster = new CrdbCluster
        {
            Id = "c",
            Name = "c",
            CloudProvider = "AWS",
            Plan = "ADVANCED",
            State = "CREATED",
            Regions = [new CrdbRegion { Name = "us-east4" }],
        };
        Assert.Contains(
            new ManifestCheck(CustomerClouds.All).Check(cluster, Reader.Read(GoodYaml, CmekManifestFormat.Yaml)),
            c => c is { ErrorId: "ProviderMismatch", Status: CmekCheckStatus.Fail }
        );
    }
}
