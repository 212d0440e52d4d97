using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Every row of azure-policies.json, set up through the sandbox's own services, gives its outcome when the sandbox's
/// CockroachDB uses the key. Only deny assignments are set up from outside: nobody can write them in Azure.
/// </summary>
public sealed class AzureFactTests : IAsyncDisposable
{
    private const string KeyName = "facts";
    private static readonly string CustomRole = Guid.NewGuid().ToString();
    private static readonly byte[] StoreKey = [1, 2, 3, 4];
    private static readonly JsonObject Facts = JsonNode
        .Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "azure-policies.json")))!
        .AsObject();

    private readonly AzureTestBed _azure = new();
    private readonly FleetCluster _cluster;

    public AzureFactTests() => _cluster = _azure.Server.Cloud.Clusters.Single(c => c.Name == "azure-in");

    public static TheoryData<string> Rows => [.. Facts["cases"]!.AsArray().Select(c => c!["id"]!.ToString())];

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_policy_has_its_documented_outcome(string id)
    {
        var row = Facts["cases"]!.AsArray().Single(c => c!["id"]!.ToString() == id)!.AsObject();
        var expected = row["expected"]!;
        var world = await CreateAsync(row);
        switch (expected["verdict"]!.ToString())
        {
            case "Granted":
                AssertMissing(world, []);
                Assert.True(Use(world).Succeeded);
                break;
            case "NotGranted" or "Denied":
                AssertMissing(world, Texts(expected["missing"]));
                Assert.False(Use(world).Succeeded);
                break;
            case "Conditional":
                await AssertConditionDecidesAsync(world, row);
                break;
            default:
                await AssertUnreadableAsync(world, row);
                break;
        }
    }

    [Fact]
    public async Task A_locked_key_vault_keeps_its_assignments_while_the_key_is_in_use()
    {
        var row = Facts["cases"]!.AsArray().Single(c => c!["id"]!.ToString() == "az-lock")!.AsObject();
        var world = await CreateAsync(row);
        var removal = await _azure.SendAsync("DELETE", $"{Arm}{world.Assignments[0]}?api-version=2022-04-01");
        Assert.Equal("409 ScopeLocked", removal.Refusal);
        Assert.True(Use(world).Succeeded);
    }

    private sealed record World(string KeyVault, string KeyUri, string Principal, List<string> Assignments);

    /// <summary>Creates key, application, groups, roles, assignments, policies, denials and locks of a row.</summary>
    private async Task<World> CreateAsync(JsonObject row)
    {
        var usesRoles = row["enableRbacAuthorization"]!.GetValue<bool>();
        var name = usesRoles ? _azure.Sandbox.VaultName : _azure.Sandbox.PolicyVaultName;
        var principal = await _azure.CreateClusterPrincipalAsync(_cluster.AzureApplicationId);
        _azure.Sandbox.Assign(_azure.Sandbox.Admin, "Owner", _azure.Sandbox.ManagementGroupId);
        var world = new World(_azure.KeyVaultId(name), await _azure.CreateKeyAsync(KeyName, name), principal, []);
        var group = await CreateGroupAsync(principal);
        row = Replace(row, world, group);
        foreach (var role in row["roles"] as JsonObject ?? [])
            await DefineAsync(role.Value!.AsObject());
        foreach (var assignment in row["assignments"] as JsonArray ?? [])
            world.Assignments.Add(await AssignAsync(assignment!.AsObject()));
        foreach (var policy in row["accessPolicies"] as JsonArray ?? [])
            await AddPolicyAsync(world, policy!.AsObject());
        foreach (var deny in row["denyAssignments"] as JsonArray ?? [])
            _azure.Sandbox.Deny(deny!["scope"]!.ToString(), [], Texts(deny["permissions"]![0]!["dataActions"]));
        foreach (var held in row["locks"] as JsonArray ?? [])
            await LockAsync(held!.AsObject());
        _azure.Propagate();
        return world;
    }

    private JsonObject Replace(JsonObject row, World world, string group)
    {
        var resourceGroup = world.KeyVault.Split("/providers/")[0];
        var text = row.ToJsonString()
            .Replace("{{SP}}", world.Principal, StringComparison.Ordinal)
            .Replace("{{GROUPID}}", group, StringComparison.Ordinal)
            .Replace("{{SUBSCRIPTION}}", _azure.SubscriptionId, StringComparison.Ordinal)
            .Replace("{{GROUP}}", resourceGroup, StringComparison.Ordinal)
            .Replace("{{VAULT}}", world.KeyVault, StringComparison.Ordinal)
            .Replace("{{KEYNAME}}", KeyName, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
        return JsonNode.Parse(text)!.AsObject();
    }

    private async Task<string> CreateGroupAsync(string member)
    {
        var group = await _azure.SendAsync(
            "POST",
            Graph + "groups",
            """{"displayName":"facts","mailNickname":"facts","mailEnabled":false,"securityEnabled":true}"""
        );
        var body = new JsonObject { ["@odata.id"] = $"{Graph}directoryObjects/{member}" }.ToJsonString();
        var added = await _azure.SendAsync("POST", $"{Graph}groups/{group.Text("id")}/members/$ref", body);
        Assert.Equal(204, added.Status);
        return group.Text("id");
    }

    private async Task DefineAsync(JsonObject role)
    {
        var properties = (JsonObject)role.DeepClone();
        properties["assignableScopes"] = new JsonArray(_azure.SubscriptionId);
        var defined = await _azure.SendAsync(
            "PUT",
            $"{_azure.Subscription}/providers/Microsoft.Authorization/roleDefinitions/{CustomRole}"
                + "?api-version=2022-04-01",
            new JsonObject { ["properties"] = properties }.ToJsonString()
        );
        Assert.Equal(201, defined.Status);
    }

    private async Task<string> AssignAsync(JsonObject assignment)
    {
        var role = assignment["role"]!.ToString();
        var properties = new JsonObject
        {
            ["roleDefinitionId"] =
                "/providers/Microsoft.Authorization/roleDefinitions/" + (role == "custom" ? CustomRole : role),
        };
        foreach (var member in new[] { "principalId", "principalType", "condition", "conditionVersion" })
            properties[member] = assignment[member]?.DeepClone();
        var assigned = await _azure.SendAsync(
            "PUT",
            $"{Arm}{assignment["scope"]}/providers/Microsoft.Authorization/roleAssignments/{Guid.NewGuid()}"
                + "?api-version=2022-04-01",
            new JsonObject { ["properties"] = properties }.ToJsonString()
        );
        Assert.Equal(201, assigned.Status);
        return assigned.Text("id");
    }

    private async Task AddPolicyAsync(World world, JsonObject policy)
    {
        var added = (JsonObject)policy.DeepClone();
        added["tenantId"] = _azure.Sandbox.TenantId;
        var body = new JsonObject { ["properties"] = new JsonObject { ["accessPolicies"] = new JsonArray(added) } };
        var url = $"{Arm}{world.KeyVault}/accessPolicies/add?api-version=2026-02-01";
        Assert.Equal(200, (await _azure.SendAsync("PUT", url, body.ToJsonString())).Status);
    }

    private async Task LockAsync(JsonObject held)
    {
        var url = $"{Arm}{held["scope"]}/providers/Microsoft.Authorization/locks/facts?api-version=2020-05-01";
        var body = new JsonObject { ["properties"] = new JsonObject { ["level"] = held["level"]!.ToString() } };
        Assert.Equal(201, (await _azure.SendAsync("PUT", url, body.ToJsonString())).Status);
    }

    /// <summary>Each needed operation is refused exactly if the row names it as missing.</summary>
    private void AssertMissing(World world, string[] missing)
    {
        var refused = _azure.Sandbox.Locked(context =>
        {
            var keyVault = context.KeyVaults.Single(v => v.Id == world.KeyVault);
            var principal = context.Directory.PrincipalById(world.Principal)!;
            return new[] { KeyVaultAction.Get, KeyVaultAction.Wrap, KeyVaultAction.Unwrap }
                .Where(a => KeyVaultAccess.Check(context, keyVault, principal, a, KeyName) is not null)
                .Select(a => keyVault.Settings.RbacAuthorization is true ? a.Role : a.Policy)
                .ToArray();
        });
        Assert.Equal(missing, refused);
    }

    /// <summary>The key is usable while the condition holds, and not a day after the time that it names.</summary>
    private async Task AssertConditionDecidesAsync(World world, JsonObject row)
    {
        var condition = row["assignments"]![0]!["condition"]!.ToString();
        var until = DateTimeOffset.Parse(
            condition.Split("DateTimeLessThan '")[1].Split('\'')[0],
            CultureInfo.InvariantCulture
        );
        Assert.True(Use(world).Succeeded);
        _azure.Advance(until - _azure.Server.Clock.UtcNow + TimeSpan.FromDays(1));
        Assert.Contains("unwrap/action", Use(world).Refusal, StringComparison.Ordinal);
        var read = await _azure.SendAsync("GET", $"{Arm}{world.Assignments[0]}?api-version=2022-04-01");
        Assert.Equal(condition, read.Text("properties", "condition"));
    }

    /// <summary>
    /// What the row cannot see is refused to a caller without the permission; then the key can be usable or not.
    /// </summary>
    private async Task AssertUnreadableAsync(World world, JsonObject row)
    {
        Assert.Equal("unreadable", row["groups"]!.ToString());
        var reader = _azure.Sandbox.AddPrincipal("reader", AzureRights.Subscription | AzureRights.GraphRead);
        var groups = $"{Graph}servicePrincipals/{world.Principal}/transitiveMemberOf";
        var refused = await _azure.SendAsync("GET", groups, caller: reader);
        Assert.Equal("403 Authorization_RequestDenied", refused.Refusal);
        Assert.True(Use(world).Succeeded);
        var group = (await _azure.SendAsync("GET", groups)).Items[0]!["id"];
        await _azure.SendAsync("DELETE", $"{Graph}groups/{group}/members/{world.Principal}/$ref");
        _azure.Propagate();
        Assert.False(Use(world).Succeeded);
    }

    private KeyUse Use(World world)
    {
        var user = new AzureKeyUser(_azure.Sandbox);
        var request = new KeyUseRequest(
            world.KeyUri,
            _azure.Sandbox.TenantId,
            _azure.Server.Cloud.OrganizationId,
            _cluster.Id,
            _cluster.AccountId,
            "centralindia"
        );
        var wrapped = user.Wrap(request, StoreKey);
        return wrapped.Succeeded ? user.Unwrap(request, wrapped.Bytes!) : wrapped;
    }

    private static string[] Texts(JsonNode? array) => [.. (array as JsonArray ?? []).Select(t => t!.ToString())];
}
