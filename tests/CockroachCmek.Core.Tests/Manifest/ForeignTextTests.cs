using System.Text;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Tests.Manifest;

/// <summary>Files as people have them: of other encodings, from ConvertTo-Json, pasted from pages and mail.</summary>
public sealed class ForeignTextTests
{
    private static readonly ManifestReader Reader = new(CustomerClouds.All);

    private const string Entry =
        "{ \"region\": \"us-east-1\", \"key_spec\": { \"type\": \"AWS_KMS\", \"uri\": "
        + "\"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\", "
        + "\"auth_principal\": \"arn:aws:iam::111122223333:role/crdb-cmek\" } }";

    private const string Good = $"{{ \"region_specs\": [ {Entry} ] }}";

    private const string Yaml =
        "region_specs:\n- region: us-east-1\n  key_spec:\n    type: AWS_KMS\n    uri: "
        + "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\n"
        + "    auth_principal: arn:aws:iam::111122223333:role/crdb-cmek\n";

    public static TheoryData<string, bool> Encodings =>
        new MatrixTheoryData<string, bool>(["utf-8", "utf-16", "utf-16BE", "utf-32", "utf-32BE"], [true, false]);

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_file_is_read_in_every_Unicode_encoding_with_and_without_a_mark(string name, bool mark)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] preamble = mark ? encoding.GetPreamble() : [];
        foreach (var (text, extension) in new[] { (Good, ".json"), (Yaml, ".yml") })
        {
            var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + extension);
            try
            {
                File.WriteAllBytes(file, [.. preamble, .. encoding.GetBytes(text)]);
                Assert.Equal("us-east-1", Assert.Single(Reader.ReadFile(file).RegionSpecs).Region);
            }
            finally
            {
                File.Delete(file);
            }
        }
    }

    [Fact]
    public void A_file_in_another_encoding_says_how_to_save_it()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, [.. Encoding.UTF8.GetBytes(Good), 0xE9]);
            var error = Assert.Throws<CmekException>(() => Reader.ReadFile(file));
            Assert.Equal("ManifestSyntax", error.ErrorId);
            Assert.Contains("Set-Content -Encoding utf8", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData($"{{ \"region_specs\": {Entry} }}", "here is a single entry: put it into [ ]")]
    [InlineData($"{{ \"region_specs\": {{ \"value\": [ {Entry} ], \"Count\": 1 }} }}", "keep the list only")]
    [InlineData("{ \"region_specs\": \"System.Object[]\" }", "ConvertTo-Json -Depth 5")]
    [InlineData("{ \"region_specs\": [ \"@{region=us-east-1; key_spec=}\" ] }", "ConvertTo-Json -Depth 5")]
    [InlineData(
        "{ \"region_specs\": [ { \"region\": \"a\", \"key_spec\": \"@{type=AWS_KMS; uri=x}\" } ] }",
        "here is PowerShell's text for an object, '@{type=AWS_KMS; uri=x}'"
    )]
    [InlineData(
        "{ \"region_specs\": [ { \"region\": \"@{Name=us-east-1}\", \"key_spec\": {} } ] }",
        "region is PowerShell's text for an object"
    )]
    public void What_ConvertTo_Json_cut_off_is_named_with_its_fix(string text, string reason)
    {
        var error = Assert.Throws<CmekException>(() => Reader.Read(text, CmekManifestFormat.Json));
        Assert.Equal("ManifestInvalid", error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("] }", ", ] }", "a comma stands before the closing ]: remove it")]
    [InlineData("crdb-cmek\" }", "crdb-cmek\", }", "a comma stands before the closing }: remove it")]
    [InlineData("\"region\":", "\u201Cregion\u201D:", "U+201C (typographic quote) is not allowed here: write \"")]
    [InlineData("{ \"region\"", "{\u00A0\"region\"", "U+00A0 (no-break space) is not allowed here: remove it")]
    [InlineData("{ \"region\"", "{\u200B\"region\"", "U+200B (zero width space) is not allowed here: remove it")]
    [InlineData("\"AWS_KMS\"", "'AWS_KMS'", "a text stands in double quotes")]
    [InlineData("{ \"region\"", "{ // first\n\"region\"", "JSON has no comments")]
    [InlineData("\"AWS_KMS\",", "\"AWS_KMS,\n", "its closing quote is missing")]
    [InlineData("[ {", "[ @{", "this is PowerShell, not JSON")]
    public void A_fault_of_JSON_is_named_with_its_fix(string find, string replace, string reason)
    {
        var text = Good.Replace(find, replace, StringComparison.Ordinal);
        var error = Assert.Throws<CmekException>(() => Reader.Read(text, CmekManifestFormat.Json));
        Assert.Equal("ManifestSyntax", error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("reader options", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("us-east-1\u00A0", "region holds U+00A0 (no-break space) at character 10: remove it, or write spaces")]
    [InlineData("us\u200B-east-1", "region holds U+200B (zero width space) at character 3: remove it")]
    [InlineData("us\u2013east-1", "region holds U+2013 (dash) at character 3: write - instead")]
    [InlineData("\u201Cus-east-1\u201D", "region holds U+201C (typographic quote) at character 1")]
    [InlineData("us-\u202Eeast-1", "region holds U+202E (mark of direction) at character 4")]
    public void A_character_that_nobody_sees_is_spelled_out(string region, string reason)
    {
        foreach (var (text, format) in new[] { (Good, CmekManifestFormat.Json), (Yaml, CmekManifestFormat.Yaml) })
        {
            var index = text.IndexOf("us-east-1", StringComparison.Ordinal);
            var error = Assert.Throws<CmekException>(() =>
                Reader.Read(text.Remove(index, "us-east-1".Length).Insert(index, region), format)
            );
            // YAML takes quotes of other kinds for letters, and spaces of other kinds for characters.
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_field_name_with_a_hidden_character_is_recognised()
    {
        var text = Yaml.Replace("    type", "  \u00A0\u00A0type", StringComparison.Ordinal);
        var error = Assert.Throws<CmekException>(() => Reader.Read(text, CmekManifestFormat.Yaml));
        Assert.Contains("U+00A0 (no-break space)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://v.vault.azure.net/keys/k", "it does not name a version")]
    [InlineData("https://v.vault.azure.net/keys/k/", "it does not name a version")]
    [InlineData("https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef/", "leave the slash off")]
    [InlineData("https://v.vault.azure.net:443/keys/k/0123456789abcdef0123456789abcdef", "leave :443 off")]
    [InlineData(
        "https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef?api-version=7.4",
        "leave off everything from ? on"
    )]
    [InlineData("http://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef", "Key Vault has https:// only")]
    [InlineData("https://v.vault.azure.net/keys/k/0123456789ABCDEF0123456789ABCDEF", "it has upper-case letters")]
    [InlineData("https://V.VAULT.AZURE.NET/keys/k/0123456789abcdef0123456789abcdef", "it has upper-case letters")]
    [InlineData("https://v.vault.azure.net/keys/k/0123", "does not have 32 digits")]
    [InlineData("https://v.vault.azure.net/secrets/k", "it is not the address of a key")]
    [InlineData("https://v.vault.azure.net/", "it names a Key Vault, but no key")]
    [InlineData(
        "https://cloudkms.googleapis.com/v1/projects/p/locations/l/keyRings/r/cryptoKeys/k",
        "leave off everything before projects/"
    )]
    public void An_address_that_is_nearly_a_key_URI_says_what_to_change(string uri, string reason) =>
        Assert.Contains(reason, CustomerClouds.All.ParseKeyUri(uri).Problem, StringComparison.Ordinal);
}
