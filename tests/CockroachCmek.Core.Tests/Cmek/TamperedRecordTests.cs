using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Tests.Aws;
using CockroachCmek.Core.Tests.Gcp;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>
/// The file of a record, changed at every place of every kind of change. Either it is refused, or it undoes nothing but
/// what it said before. What only Azure's tenant can tell is tested with the tenant, in AzureRecordTests.
/// </summary>
public sealed class TamperedRecordTests : IDisposable
{
    private static readonly string[] Values =
    [
        "\"x\"",
        "\"*\"",
        "\"\"",
        "null",
        "-1",
        "true",
        "{}",
        "[]",
        "\"\\u0000\"",
        "\"arn:aws:kms:eu-west-1:200000000001:key/22222222-2222-4222-8222-222222222222\"",
        "\"arn:aws:iam::200000000001:role/payroll\"",
        "\"projects/theirs/locations/us-east4/keyRings/r/cryptoKeys/k\"",
        "\"payroll@mine.iam.gserviceaccount.com\"",
        "\"roles/owner\"",
        "\"DisableKey\"",
        "\"Planned\"",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public static TheoryData<string> Clouds => ["AWS", "GCP"];

    private string File => Path.Combine(_folder, "r.revocation.json");

    [Theory]
    [MemberData(nameof(Clouds))]
    public void A_file_that_was_changed_anywhere_is_refused(string cloud)
    {
        var text = RevocationFile.Write(Honest(cloud).Record);
        foreach (var variant in Variants(text))
            try
            {
                // A value may be removed that says the same when it is missing.
                Assert.Equal(text, RevocationFile.Write(RevocationFile.Read(variant, "r")));
            }
            catch (CmekException error)
            {
                Assert.True(error.ErrorId == nameof(Errors.RevocationFileInvalid), $"{error.ErrorId}: {variant}");
            }
    }

    [Theory]
    [MemberData(nameof(Clouds))]
    public void Without_its_digest_it_undoes_nothing_but_what_it_said_before(string cloud)
    {
        var (record, keys) = Honest(cloud);
        var old = JsonNode.Parse(RevocationFile.Write(record))!.AsObject();
        old.Remove("format_version");
        old.Remove("digest");
        var honest = Undone(old.ToJsonString(), record.Cluster, keys);
        var foreign = new HashSet<string>();
        var (accepted, refused) = (0, 0);
        foreach (var variant in Variants(old.ToJsonString()))
            try
            {
                var undone = Undone(variant, record.Cluster, keys);
                foreign.UnionWith(undone.Except(honest));
                accepted++;
            }
            catch (CmekException error)
            {
                Assert.True(error.ErrorId == nameof(Errors.RevocationFileInvalid), $"{error.ErrorId}: {variant}");
                refused++;
            }

        Assert.Empty(foreign);
        // What is accepted is text that nothing depends on: names, times, reasons.
        Assert.True(refused > accepted, $"{accepted} accepted, {refused} refused");
    }

    [Fact]
    public void A_file_of_another_form_is_refused()
    {
        var text = RevocationFile.Write(Honest("AWS").Record);
        string[] forms =
        [
            "",
            "\0",
            "null",
            "[]",
            "7",
            text[..^3],
            text + text,
            text.Replace("\"digest\"", "\"digest\": \"\", \"digest\"", StringComparison.Ordinal),
            text.Replace("\"Sid\"", "\"Sid\": \"x\", \"Sid\"", StringComparison.Ordinal),
            text.Replace("\"document\": ", "\"document\": " + new string('[', 100), StringComparison.Ordinal),
            new string('[', 100_000),
        ];
        foreach (var form in forms)
            AssertRefused(() => RevocationFile.Read(form, "r"), form.Length > 200 ? form[..200] : form);
    }

    [Fact]
    public void The_encoding_changes_nothing_of_what_is_read_and_refused()
    {
        var text = RevocationFile.Write(Honest("AWS").Record);
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32 })
        {
            System.IO.File.WriteAllText(File, text, encoding);
            Assert.Equal(text, RevocationFile.Write(RevocationFile.Load(File)));
            System.IO.File.WriteAllText(File, text[..^3], encoding);
            AssertRefused(() => RevocationFile.Load(File), encoding.EncodingName);
        }
    }

    [Fact]
    public void A_path_that_holds_no_record_is_refused()
    {
        Assert.Equal(nameof(Errors.RevocationFileNotFound), IdOf(_folder));
        Assert.Equal(nameof(Errors.RevocationFileNotFound), IdOf(File));
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.CreateSymbolicLink(File, Path.Combine(_folder, "nothing"));
            Assert.Equal(nameof(Errors.RevocationFileNotFound), IdOf(File));
            System.IO.File.Delete(File);
        }

        using (var large = System.IO.File.Create(File))
            large.SetLength(17 * 1024 * 1024);
        Assert.Equal(nameof(Errors.RevocationFileTooLarge), IdOf(File));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string IdOf(string path) => Assert.Throws<CmekException>(() => RevocationFile.Load(path)).ErrorId;

    private static void AssertRefused(Action read, string text)
    {
        var error = Xunit.Record.Exception(read);
        Assert.True(
            error is CmekException { ErrorId: nameof(Errors.RevocationFileInvalid) },
            $"{error?.ToString() ?? "accepted"}\n{text}"
        );
    }

    /// <summary>What a restore of the file would undo: the resources, and each text that would be written there.</summary>
    private static HashSet<string> Undone(string text, CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> keys)
    {
        var found = new RevocationKeys { InForce = keys, Every = keys };
        return
        [
            .. RecordedChanges
                .Verify(RevocationFile.Read(text, "r"), cluster, found, CustomerClouds.All)
                .SelectMany(c =>
                    Texts("", JsonNode.Parse(c.Document)).Select(t => $"{c.Kind} {c.Target} {c.AuthPrincipal} {t}")
                ),
        ];
    }

    /// <summary>
    /// The texts of a document with their names. The name of a statement or grant changes nothing. Whoever may retire a
    /// KMS grant can only take it away, and its constraint only narrows the role's use: AwsRecordTests says what is
    /// refused there.
    /// </summary>
    private static IEnumerable<string> Texts(string name, JsonNode? node) =>
        node switch
        {
            JsonObject map => map.Where(p => p.Key is not ("Sid" or "Name" or "RetiringPrincipal" or "Constraints"))
                .SelectMany(p => Texts(p.Key, p.Value)),
            JsonArray list => list.SelectMany(i => Texts(name, i)),
            JsonValue value when name != "index" => [$"{name}={value.ToJsonString()}"],
            _ => [],
        };

    private static (CmekRevocation Record, CmekRegionSpec[] Keys) Honest(string cloud)
    {
        var (cluster, keys, changes) =
            cloud == "AWS"
                ? (AwsRecords.Cluster, AwsRecords.ClusterKeys, AwsRecords.Honest())
                : (GcpRecordTests.Cluster, GcpRecordTests.Keys, GcpRecordTests.HonestChanges);
        var record = new CmekRevocation
        {
            Cluster = cluster,
            Method = CmekRevocationMethod.Default,
            Status = "REVOKED",
            RevokedAt = DateTimeOffset.UnixEpoch,
            Keys = keys,
            Runs =
            [
                new CmekRevocationRun
                {
                    Command = "Revoke-CrdbCmek",
                    StartedAt = DateTimeOffset.UnixEpoch,
                    Callers = ["somebody"],
                },
            ],
            Changes = [.. changes.Select(c => c with { RequestIds = ["r-1"] })],
        };
        return (record, keys);
    }

    /// <summary>The text with each of its values replaced or removed, one at a time.</summary>
    private static IEnumerable<string> Variants(string text)
    {
        var original = JsonNode.Parse(text)!;
        var count = AwsRecords.Descendants(original).Count();
        for (var index = 0; index < count; index++)
        {
            foreach (var value in Values)
            {
                var root = JsonNode.Parse(text)!;
                AwsRecords.Descendants(root).ElementAt(index).ReplaceWith(JsonNode.Parse(value));
                if (!JsonNode.DeepEquals(root, original))
                    yield return root.ToJsonString();
            }

            var without = JsonNode.Parse(text)!;
            var node = AwsRecords.Descendants(without).ElementAt(index);
            if (node.Parent is JsonObject map)
                map.Remove(node.GetPropertyName());
            else
                node.Parent!.AsArray().Remove(node);
            yield return without.ToJsonString();
        }
    }
}
