using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Azure.Access;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>Every row of tests/Facts/azure-policies.json gives its verdict.</summary>
public sealed class AzureFactTests
{
    private const string KeyVaultContributor = "f25e0fa2-a7c8-4377-a976-54943a77a395";

    public static TheoryData<string> Ids => [.. Cases().Select(c => (string)c["id"]!)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_fact_gives_its_verdict(string id)
    {
        var fact = Cases().Single(c => (string)c["id"]! == id);
        var expected = fact["expected"]!.AsObject();
        var access = await SceneOf(fact).EvaluateAsync();
        var answer = access.Answer;

        string[] verdicts = [(string)expected["verdict"]!, .. Texts(expected["accept"])];
        Assert.Contains(answer.Verdict.ToString(), verdicts);
        if (expected["missing"] is { } missing)
            Assert.Equal(Texts(missing).Order(), answer.Missing.Order());
        foreach (var condition in Texts(expected["conditions"]))
            Assert.Contains(answer.Conditions, c => c.Contains(condition, StringComparison.Ordinal));
        if (answer.Verdict == CmekAccessVerdict.Granted || expected["wider"] is not null)
            AssertWider(expected["wider"]?.AsObject() ?? [], answer.Wider);
        Assert.Equal(answer.Verdict == CmekAccessVerdict.Unknown, answer.Unread.Count > 0);
    }

    private static void AssertWider(JsonObject expected, IReadOnlyList<Core.Access.WiderAccess> wider)
    {
        Assert.Equal(
            (bool?)expected["role"] ?? false,
            wider.Any(w => w.What.Contains("also allows", StringComparison.Ordinal))
        );
        var above = wider.Where(w => w.What.EndsWith("in every Key Vault", StringComparison.Ordinal)).ToList();
        switch ((string?)expected["aboveKey"])
        {
            case null:
                Assert.Empty(above);
                break;
            case "resourceGroup":
                Assert.StartsWith("resource group ", Assert.Single(above).Place, StringComparison.Ordinal);
                break;
            case "managementGroup":
                Assert.StartsWith("management group ", Assert.Single(above).Place, StringComparison.Ordinal);
                break;
            case var other:
                Assert.Fail($"A fact has a scope that this test does not know: {other}.");
                break;
        }
    }

    private static AccessScene SceneOf(JsonObject fact)
    {
        var scene = new AccessScene
        {
            UsesRoles = (bool)fact["enableRbacAuthorization"]!,
            AccessPolicies = (fact["accessPolicies"]?.DeepClone() as JsonArray) ?? [],
        };
        // Azure built-in roles, Key Vault Contributor.
        scene.Define(
            KeyVaultContributor,
            new RolePermissions(
                [
                    "Microsoft.Authorization/*/read",
                    "Microsoft.Insights/alertRules/*",
                    "Microsoft.KeyVault/*",
                    "Microsoft.ResourceHealth/availabilityStatuses/read",
                    "Microsoft.Resources/deployments/*",
                    "Microsoft.Resources/subscriptions/resourceGroups/read",
                    "Microsoft.Support/*",
                ],
                [
                    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
                    "Microsoft.KeyVault/hsmPools/*",
                    "Microsoft.KeyVault/managedHsms/*",
                ],
                [],
                []
            )
        );
        foreach (var (role, definition) in fact["roles"]?.AsObject() ?? [])
        foreach (var permission in definition!["permissions"]!.AsArray())
            scene.Define(
                role,
                new RolePermissions(
                    Texts(permission!["actions"]),
                    Texts(permission["notActions"]),
                    Texts(permission["dataActions"]),
                    Texts(permission["notDataActions"])
                )
            );
        foreach (var assignment in fact["assignments"]?.AsArray() ?? [])
            scene.Assign(
                (string)assignment!["role"]!,
                (string)assignment["principalId"]!,
                (string)assignment["scope"]!,
                (string?)assignment["principalType"],
                (string?)assignment["condition"]
            );
        foreach (var denial in fact["denyAssignments"]?.AsArray() ?? [])
            scene.Arm.Denials.Add(DenialOf(denial!));
        foreach (var held in fact["locks"]?.AsArray() ?? [])
            scene.Arm.Locks.Add(
                new AzureLock(
                    $"{held!["scope"]}/providers/Microsoft.Authorization/locks/keep",
                    "keep",
                    new AzureLockProperties((string?)held["level"], null)
                )
            );
        if (fact["groups"] is JsonObject groups)
            foreach (var (group, members) in groups)
                scene.Arm.Members[group] = Texts(members);
        else if (fact["groups"] is not null)
            scene.Arm.Refused.UnionWith(["assignedTo", "groups"]);
        return scene;
    }

    private static DenyAssignment DenialOf(JsonNode denial) =>
        new(
            $"{denial["scope"]}/providers/Microsoft.Authorization/denyAssignments/d",
            "d",
            new DenyAssignmentProperties
            {
                DenyAssignmentName = "d",
                Scope = (string?)denial["scope"],
                DoNotApplyToChildScopes = (bool)denial["doNotApplyToChildScopes"]!,
                Principals = [.. Texts(denial["principals"]).Select(PrincipalOf)],
                ExcludePrincipals = [.. Texts(denial["excludePrincipals"]).Select(PrincipalOf)],
                Permissions =
                [
                    .. denial["permissions"]!
                        .AsArray()
                        .Select(p => new RolePermissions(
                            null,
                            null,
                            Texts(p!["dataActions"]),
                            Texts(p["notDataActions"])
                        )),
                ],
            }
        );

    private static DenyPrincipal PrincipalOf(string id) =>
        id == "everyone" ? AccessScene.Everybody : new DenyPrincipal(id, "ServicePrincipal");

    private static string[] Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(t => (string)t!)];

    private static IReadOnlyList<JsonObject> Cases()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "azure-policies.json"));
        foreach (var (name, value) in Parameters)
            text = text.Replace($"{{{{{name}}}}}", value, StringComparison.Ordinal);
        return [.. JsonNode.Parse(text)!["cases"]!.AsArray().Select(c => c!.AsObject())];
    }

    private static readonly (string, string)[] Parameters =
    [
        ("SPUPPER", AccessScene.Application.ToUpperInvariant()),
        ("SP", AccessScene.Application),
        ("GROUPID", AccessScene.Group),
        ("SUBSCRIPTION", AccessScene.Subscription),
        ("GROUP", AccessScene.ResourceGroup),
        ("VAULTUPPER", AccessScene.KeyVaultId.ToUpperInvariant()),
        ("VAULT", AccessScene.KeyVaultId),
        ("KEYNAME", AccessScene.KeyName),
    ];
}
