using System.Text.Json.Nodes;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Export-CrdbCmekReport on the sandbox: what it says of what it read, and of what it could not read.</summary>
public sealed class ReportTests : IDisposable
{
    /// <summary>What reads everything that a report tells of a cluster on AWS.</summary>
    private static readonly string[] Reads =
    [
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:ListGrants",
        "kms:ListKeyRotations",
        "kms:ListAliases",
        "kms:ListKeys",
        "kms:ListResourceTags",
        "kms:GetKeyLastUsage",
        "cloudtrail:LookupEvents",
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:SimulatePrincipalPolicy",
        "iam:ListRoles",
        "iam:ListRoleTags",
        "tag:GetResources",
    ];

    private readonly ModuleSession _session = ModuleSession.WithSandbox();
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-report-").FullName;

    [Fact]
    public void A_fleet_is_written_in_every_format_and_a_cluster_that_is_gone_is_named_in_it()
    {
        var run = Export("-Cluster prod-eu-old, gone, prod-eu -Format Html, Json, Csv, JUnit");

        run.FailsWith("ClusterNotFound");
        Assert.Equal(
            ["r.csv", "r.html", "r.json", "r.xml"],
            run.Output.Select(f => Path.GetFileName(f.Text("Path"))).Order()
        );
        Assert.Single(run.Output.Select(f => f.Text("ReportSha256")).Distinct());
        var json = run.Output.Single(f => f.Text("Format") == "Json");
        Assert.Equal(json.Text("ReportSha256"), json.Text("Sha256"));
        Assert.Equal(
            json.Text("Sha256"),
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(json.Text("Path"))))
        );
        var report = Report();
        Assert.Equal("gone", (string)report["origin"]!["missingClusters"]![0]!["cluster"]!);
        Assert.StartsWith("arn:aws:iam::", (string)report["origin"]!["callers"]!["AWS"]![0]!, StringComparison.Ordinal);
        Assert.Equal(["prod-eu-old", "prod-eu"], Clusters(report).Select(c => (string)c!["name"]!));
        var (old, fresh) = (Clusters(report)[0]!, Clusters(report)[1]!);
        Assert.Equal("Complete", (string)old["sections"]!["Access"]!["coverage"]!);
        Assert.Equal("InForce", (string)old["sections"]!["Inventory"]!["rows"]![0]!["use"]!);
        Assert.Equal("NotApplicable", (string)fresh["sections"]!["Access"]!["coverage"]!);
        Assert.Equal("Warning", (string)fresh["result"]!);
        Assert.Contains(run.Progress, p =>
            p.StatusDescription.StartsWith("2 of 3 clusters, about ", StringComparison.Ordinal)
        );
        Export("-Cluster prod-eu -Format Html").FailsWith("ReportFileExists");
        _session.Run($"Export-CrdbCmekReport '{_folder}' -Format Html -WhatIf").Succeeds();
        Assert.Contains("What if: ", _session.Screen, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "cmek-report.html")));
        Assert.Equal(4, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Whatever_read_permission_is_missing_the_report_says_so_in_its_place_and_the_cluster_never_passes()
    {
        AwsUser.With(_session, Reads);
        // Who may only read cannot revoke: whether a revocation would work is not known.
        Assert.Equal(
            ["RevocationReady"],
            Gaps(Weak())
                .Where(g => (string)g!["section"]! is not ("Usage" or "History"))
                .Select(g => (string)g!["what"]!)
        );
        foreach (
            var (denied, section) in new[]
            {
                ("kms:DescribeKey", "Health"),
                ("kms:GetKeyPolicy", "Access"),
                ("kms:ListGrants", "Access"),
                ("kms:ListKeyRotations", "Health"),
                ("iam:GetRole", "Health"),
                ("iam:ListRolePolicies", "Access"),
                ("iam:ListAttachedRolePolicies", "Access"),
                ("kms:GetKeyLastUsage", "Usage"),
                ("cloudtrail:LookupEvents", "Usage"),
            }
        )
        {
            AwsUser.Allow(_session, [.. Reads.Where(a => a != denied)]);
            var cluster = Weak();
            Assert.True(
                Gaps(cluster)
                    .Any(g =>
                        (string)g!["section"]! == section && g.ToJsonString().Contains(denied, StringComparison.Ordinal)
                    ),
                $"{denied}: {cluster["gaps"]}"
            );
            Assert.Contains((string)cluster["result"]!, new[] { "Unknown", "Fail" });
            Assert.NotEqual("Complete", (string)cluster["sections"]![section]!["coverage"]!);
        }

        // An API key that may list clusters, and not see their CMEK.
        _session
            .Run(
                "$weak = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ViewerApiKey).SecurePassword) -OrganizationId "
                    + "$sandbox.OrganizationId -WarningAction SilentlyContinue"
            )
            .Succeeds();
        var unseen = Weak();
        Assert.Equal(
            ["", "Access", "Health", "History", "Usage"],
            Gaps(unseen).Select(g => (string)g!["section"]!).Distinct().Order().Where(s => s != "Inventory")
        );
        Assert.Null(unseen["cmekStatus"]);
        Assert.Equal("Unknown", (string)unseen["result"]!);
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ScriptResult Export(string parameters) => _session.Run($"Export-CrdbCmekReport '{_folder}/r' {parameters}");

    private JsonNode Weak()
    {
        Export("-Cluster prod-eu-old -Session $weak -Format Json -Force").Succeeds();
        return Clusters(Report()).Single()!;
    }

    private JsonNode Report() => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "r.json")))!;

    private static JsonArray Clusters(JsonNode report) => report["clusters"]!.AsArray();

    private static JsonArray Gaps(JsonNode cluster) => cluster["gaps"]!.AsArray();
}
