using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Gcp.Access;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Gcp.Access.GcpPolicyCloud;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>Every row of tests/Facts/gcp-policies.json, read through the module's own clients.</summary>
public sealed class GcpFactTests
{
    private static readonly JsonObject Facts = (JsonObject)
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "gcp-policies.json")))!;

    public static IEnumerable<TheoryDataRow<string>> Ids =>
        Facts["cases"]!.AsArray().Select(c => new TheoryDataRow<string>((string)c!["id"]!));

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_policy_means_what_its_source_says(string id)
    {
        var row = (JsonObject)
            JsonNode.Parse(
                Facts["cases"]!
                    .AsArray()
                    .Single(c => (string)c!["id"]! == id)!
                    .ToJsonString()
                    .Replace("{{SA}}", Account, StringComparison.Ordinal)
                    .Replace("{{KMSUSER}}", KmsUser["serviceAccount:".Length..], StringComparison.Ordinal)
                    .Replace("{{PROJECT}}", Project, StringComparison.Ordinal)
                    .Replace("{{CRDBPROJECT}}", Cluster.AccountId, StringComparison.Ordinal)
            )!;

        var access = await ReadAsync(row);

        var expected = row["expected"]!;
        string[] verdicts =
        [
            (string)expected["verdict"]!,
            .. (expected["accept"] as JsonArray ?? []).Select(v => (string)v!),
        ];
        Assert.Contains(access.Verdict.ToString(), verdicts);
        if (expected["missing"] is JsonArray missing)
            Assert.Equal(missing.Select(m => (string)m!), access.Missing);
        foreach (var condition in expected["conditions"] as JsonArray ?? [])
            Assert.Contains((string)condition!, access.Conditions);
        if ((bool?)expected["widerEither"] != true)
            CheckWider(access, expected["wider"] as JsonObject ?? []);
    }

    private static async Task<KeyAccess> ReadAsync(JsonObject row)
    {
        using var cloud = new GcpPolicyCloud();
        Prepare(cloud, row, "key", Key, "cloudkms.cryptoKeys.getIamPolicy");
        Prepare(cloud, row, "keyRing", Ring, "cloudkms.keyRings.getIamPolicy");
        Prepare(cloud, row, "project", ProjectResource, "resourcemanager.projects.getIamPolicy");
        Prepare(cloud, row, "folder", Folder, "resourcemanager.folders.getIamPolicy");
        Prepare(cloud, row, "organization", Organization, "resourcemanager.organizations.getIamPolicy");
        Prepare(cloud, row, "policy", AccountResource, "iam.serviceAccounts.getIamPolicy");
        if (row["customRoles"] is JsonObject roles)
            foreach (var (name, role) in roles)
                cloud.Roles[name] = [.. role!["includedPermissions"]!.AsArray().Select(p => (string)p!)];
        else if (row["customRoles"] is not null)
            cloud.Withheld.Add(AnyRole);

        using var provider = cloud.Connect();
        if ((string)row["kind"]! == "gcp-key")
            return await provider.ReadAccessAsync(
                new KeyAccessRequest { Cluster = Cluster, Spec = Spec },
                cloud.Context
            );
        Assert.Equal("gcp-trust", (string)row["kind"]!);
        return await provider.RunAsync("trust", cloud.Context, async (clients, calls) =>
            (
                await new GcpAccessReader(clients, calls).ReadTrustAsync(Cluster, ServiceAccountEmail.Parse(Account))
            ).Access
        );
    }

    private static void Prepare(GcpPolicyCloud cloud, JsonObject row, string level, string resource, string permission)
    {
        if (row[level] is JsonArray bindings)
            cloud.Bind(resource, (JsonArray)bindings.DeepClone());
        else if (row[level] is not null)
            cloud.Withheld.Add(permission);
    }

    /// <summary>Nothing is wider than the row says, and everything that it says is.</summary>
    private static void CheckWider(KeyAccess access, JsonObject expected)
    {
        var own = access.Wider.Where(w => w.Who == Account).ToList();
        var above = own.Where(w => w.What.StartsWith("the use of every key in ", StringComparison.Ordinal)).ToList();
        Assert.Equal((bool?)expected["role"] == true, own.Except(above).Any());
        Assert.Equal(
            (string?)expected["aboveKey"] switch
            {
                null => [],
                "keyRing" => ["key ring crdb-cmek"],
                "project" => [$"project {Project}"],
                var other => [other],
            },
            above.Select(w => w.Place)
        );
        var anybody = access.Wider.Where(w => w.Who.StartsWith("anybody", StringComparison.Ordinal)).ToList();
        Assert.Equal(expected["anybody"] is not null, anybody.Count > 0);
        Assert.Equal(
            (expected["others"] as JsonArray ?? []).Select(o => (string)o!),
            access.Wider.Except(own).Except(anybody).Select(w => w.Who)
        );
    }
}
