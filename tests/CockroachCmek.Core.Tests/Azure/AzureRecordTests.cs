using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>
/// A record of a revocation is a file. Whoever can write it must not be able to change anything else.
/// </summary>
public sealed class AzureRecordTests
{
    private const string Stranger = "0f0e0d0c-0b0a-4909-8807-060504030201";

    /// <summary>Kinds of changes, by the method that makes them and the Key Vault that they are made in.</summary>
    public static TheoryData<CmekRevocationMethod, bool> Kinds { get; } =
        new()
        {
            { CmekRevocationMethod.RemoveGrant, false },
            { CmekRevocationMethod.RemoveGrant, true },
            { CmekRevocationMethod.DisableKey, false },
            { CmekRevocationMethod.DisableIdentity, false },
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_honest_change_is_accepted_and_undone(CmekRevocationMethod method, bool inPolicyVault)
    {
        await using var world = new AzureWorld();
        var (cluster, info, planned) = await PlanAsync(world, method, inPolicyVault);
        var done = await world.Provider.RevokeAccessAsync(planned, world.Context);
        var verified = Verify(done with { Action = "Nothing at all", Fault = "nothing" }, cluster, info.Specs());
        Assert.Equal((planned.Action, planned.Document, ""), (verified.Action, verified.Document, verified.Fault));
        await world.Provider.RestoreAccessAsync(verified, world.Context);
        Assert.Empty(await FindAsync(world, cluster, info));
        // With nothing at hand but the record, whose cluster has an id and a name only.
        var bare = new CrdbCluster
        {
            Id = cluster.Id,
            Name = cluster.Name,
            CloudProvider = cluster.CloudProvider,
        };
        await world.Provider.RestoreAccessAsync(Verify(done, bare, []), world.Context);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_field_that_was_tampered_with_is_refused(CmekRevocationMethod method, bool inPolicyVault)
    {
        await using var world = new AzureWorld();
        var (cluster, info, planned) = await PlanAsync(world, method, inPolicyVault);
        var done = await world.Provider.RevokeAccessAsync(planned, world.Context);
        var before = world.Exchanges.Count;
        var accepted = new List<string>();
        foreach (var (name, change) in Tampered(done))
            try
            {
                await world.Provider.RestoreAccessAsync(Verify(change, cluster, info.Specs()), world.Context);
                accepted.Add(name);
            }
            catch (CmekException)
            {
                // Refused, at the door or by what the tenant shows.
            }

        Assert.Empty(accepted);
        Assert.Empty(world.WritesSince(before));
    }

    [Theory]
    [InlineData("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")] // Owner
    [InlineData("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9")] // User Access Administrator
    [InlineData("4633458b-17de-408a-b874-0445c86b69e6")] // Key Vault Secrets User
    public async Task A_role_that_is_not_for_keys_is_never_assigned(string role)
    {
        await using var world = new AzureWorld();
        var (cluster, info, planned) = await PlanAsync(world, CmekRevocationMethod.RemoveGrant, false);
        await world.Provider.RevokeAccessAsync(planned, world.Context);
        var subscription = $"/subscriptions/{world.Azure.SubscriptionId}";
        var id = $"{subscription}/providers/Microsoft.Authorization/roleAssignments/{Stranger}";
        var document = JsonNode.Parse(planned.Document)!;
        (document["id"], document["name"]) = (id, Stranger);
        document["properties"]!["scope"] = subscription;
        document["properties"]!["roleDefinitionId"] =
            $"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}";
        var forged = planned with { Target = id, Document = document.ToJsonString() };
        await world.RefusesAsync("RevocationFileInvalid", async () =>
            await world.Provider.RestoreAccessAsync(Verify(forged, cluster, info.Specs()), world.Context)
        );
    }

    [Theory]
    [InlineData("RoleAssignment")]
    [InlineData("AccessPolicy")]
    [InlineData("KeyVersionState")]
    [InlineData("ServicePrincipal")]
    [InlineData("ServicePrincipalState")]
    [InlineData("DeletedKey")]
    [InlineData("KeyPolicyGrant")]
    public async Task A_change_under_the_name_of_another_kind_is_refused(string kind)
    {
        await using var world = new AzureWorld();
        foreach (var method in new[] { CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey })
        {
            var (cluster, info, planned) = await PlanAsync(world, method, false);
            if (planned.Kind == kind)
                continue;
            var error = Assert.Throws<CmekException>(() => Verify(planned with { Kind = kind }, cluster, info.Specs()));
            Assert.Equal("RevocationFileInvalid", error.ErrorId);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_record_of_version_0_2_0_is_still_read(CmekRevocationMethod method, bool inPolicyVault)
    {
        await using var world = new AzureWorld();
        var (cluster, info, planned) = await PlanAsync(world, method, inPolicyVault);
        await world.Provider.RevokeAccessAsync(planned, world.Context);
        var document = JsonNode.Parse(planned.Document)!.AsObject();
        document.Remove("cluster");
        if (inPolicyVault)
            document["permissions"]!["secrets"] = new JsonArray();
        var old = planned with { Method = CmekRevocationMethod.Default, Document = document.ToJsonString() };
        await world.Provider.RestoreAccessAsync(Verify(old, cluster, info.Specs()), world.Context);
        Assert.Empty(await FindAsync(world, cluster, info));
    }

    /// <summary>The change with each of its fields, and each member of its document, replaced or added to.</summary>
    private static IEnumerable<(string Name, CmekAccessChange Change)> Tampered(CmekAccessChange honest)
    {
        yield return ("Regions", honest with { Regions = ["elsewhere"] });
        yield return ("KeyUri", honest with { KeyUri = $"https://other.vault.azure.net/keys/k/{new string('0', 32)}" });
        yield return ("AuthPrincipal", honest with { AuthPrincipal = Stranger });
        yield return ("Kind", honest with { Kind = "Everything" });
        yield return ("Method", honest with { Method = CmekRevocationMethod.Deny });
        yield return ("Target", honest with { Target = honest.Target + "0" });
        yield return ("Target of another", honest with { Target = Renamed(honest.Target) });
        foreach (var text in new[] { "", "{", "[]", "null", "{}", "\"x\"", """{"cluster":{}}""", "{\"a\":1,\"a\":2}" })
            yield return ($"Document {text}", honest with { Document = text });
        var members = Paths(JsonNode.Parse(honest.Document)!, []).ToList();
        foreach (var path in members)
        foreach (var value in new[] { "null", "7", "true", "[]", "{}", "\"*\"", $"\"{Stranger}\"", "\"+\"" })
            if (Replace(honest, path, value) is { } changed)
                yield return ($"{string.Join(".", path)} = {value}", changed);
        foreach (var path in members)
            if (Add(honest, path) is { } changed)
                yield return ($"{string.Join(".", path)} and more", changed);
    }

    private static string Renamed(string target) =>
        target.Contains("vaults/", StringComparison.Ordinal)
            ? target.Replace("vaults/", "vaults/not-", StringComparison.Ordinal)
        : target.Replace("https://", "https://not-", StringComparison.Ordinal) is var other && other != target ? other
        : Stranger;

    private static IEnumerable<IReadOnlyList<string>> Paths(JsonNode node, IReadOnlyList<string> path)
    {
        if (path.Count > 0)
            yield return path;
        IEnumerable<(string Name, JsonNode? Value)> children = node switch
        {
            JsonObject members => members.Select(m => (m.Key, m.Value)),
            JsonArray items => items.Select((v, i) => ($"{i}", v)),
            _ => [],
        };
        foreach (var (name, value) in children)
        foreach (var inner in Paths(value!, [.. path, name]))
            yield return inner;
    }

    /// <summary>Null when the value would be the same.</summary>
    private static CmekAccessChange? Replace(CmekAccessChange honest, IReadOnlyList<string> path, string json)
    {
        var document = JsonNode.Parse(honest.Document)!;
        var (holder, last) = (Holder(document, path), path[path.Count - 1]);
        var old = Get(holder, last);
        var value =
            json == "\"+\""
                ? old is JsonValue v && v.TryGetValue<string>(out var t)
                    ? $"{t}+"
                    : null
                : JsonNode.Parse(json);
        if (json == "\"+\"" && value is null || JsonNode.DeepEquals(old, value))
            return null;
        // A principal without a type is one whose type the record did not need to say.
        if (holder is JsonArray items)
            items[int.Parse(last, System.Globalization.CultureInfo.InvariantCulture)] = value;
        else
            holder[last] = value;
        return honest with { Document = document.ToJsonString() };
    }

    /// <summary>Null for a member that holds nothing.</summary>
    private static CmekAccessChange? Add(CmekAccessChange honest, IReadOnlyList<string> path)
    {
        var document = JsonNode.Parse(honest.Document)!;
        switch (Get(Holder(document, path), path[path.Count - 1]))
        {
            case JsonObject members:
                members["secrets"] = new JsonArray("get");
                break;
            case JsonArray items:
                items.Add("*");
                break;
            default:
                document["properties"] ??= new JsonObject();
                document["properties"]!["condition"] = "true";
                break;
        }

        return honest with
        {
            Document = document.ToJsonString(),
        };
    }

    private static JsonNode Holder(JsonNode document, IReadOnlyList<string> path) =>
        path.Take(path.Count - 1).Aggregate(document, (node, name) => Get(node, name)!);

    private static JsonNode? Get(JsonNode node, string name) =>
        node is JsonArray items
            ? items[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]
            : node[name];

    private static CmekAccessChange Verify(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    ) => new AzureCustomerCloud().VerifyChange(change, cluster, keys);

    private static Task<IReadOnlyList<CmekAccessChange>> FindAsync(
        AzureWorld world,
        CrdbCluster cluster,
        CmekInfo info
    ) => world.Provider.FindRevocationAsync(AzureRequests.Revocation(cluster, info), world.Context);

    private static async Task<(CrdbCluster Cluster, CmekInfo Info, CmekAccessChange Planned)> PlanAsync(
        AzureWorld world,
        CmekRevocationMethod method,
        bool inPolicyVault
    )
    {
        var cluster = await world.ClusterWithRoleAsync("azure-in");
        var key = (await world.KeysAsync(cluster, r => inPolicyVault ? r.InKeyVault(world.Azure.PolicyVaultName) : r))[
            0
        ];
        var info = new CmekInfo
        {
            Regions =
            [
                new CmekRegionInfo
                {
                    Region = key.Region,
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyType = key.KeyType,
                            KeyUri = key.KeyUri,
                            AuthPrincipal = key.AuthPrincipal,
                        },
                    ],
                },
            ],
        };
        var request = AzureRequests.Revocation(cluster, info, method);
        var planned = Assert.Single(await world.Provider.PlanRevocationAsync(request, world.Context));
        return (cluster, info, planned with { Method = method });
    }
}
