using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.KeyVault on the control plane: the access policies of a key vault.</summary>
internal sealed class ArmAccessPolicies(AzureContext context)
{
    private static readonly string[] Operations = ["add", "replace", "remove"];

    /// <summary>True for a path .../vaults/{name}/accessPolicies/{operation}.</summary>
    public static bool Handles(IReadOnlyList<string> path) =>
        AzureDirectory.Same(path[8], "accessPolicies") && Operations.Contains(path[9].ToLowerInvariant());

    public AzureResponse Change(ServicePrincipal caller, IReadOnlyList<string> path, JsonObject body)
    {
        var id = ArmKeyVaults.Id(path);
        ArmApi.Require(context, caller, ArmKeyVaults.Type + "/accessPolicies/write", id);
        var keyVault = context.KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, id))
            ?? throw ArmKeyVaults.NotFound(path[7], path[3]);
        context.Locks.RequireWrite(keyVault.Id);
        var given = Read(
            body.Object("properties")?["accessPolicies"] as JsonArray
                ?? throw ArmKeyVaults.Bad("The parameter accessPolicies is not specified.")
        );
        var operation = path[9].ToLowerInvariant();
        var policies = operation == "replace" ? given : Merge(keyVault.Settings.Policies, given, operation == "add");
        keyVault.Change(keyVault.Settings with { Policies = policies }, context.Now);
        return AzureResponse.Ok(
            new JsonObject
            {
                ["id"] = $"{keyVault.Id}/accessPolicies/",
                ["type"] = ArmKeyVaults.Type + "/accessPolicies",
                ["location"] = keyVault.Location,
                ["properties"] = new JsonObject { ["accessPolicies"] = Json(policies) },
            }
        );
    }

    public static List<AccessPolicy> Read(JsonArray policies) =>
        [
            .. policies.Select(item =>
            {
                var policy = item as JsonObject;
                if (!Guid.TryParse(policy.Text("tenantId"), out _) || !Guid.TryParse(policy.Text("objectId"), out _))
                    throw ArmKeyVaults.Bad("An access policy needs tenantId and objectId.");
                var permissions = policy.Object("permissions")
                    ?? throw ArmKeyVaults.Bad("An access policy needs permissions.");
                return new AccessPolicy(
                    policy.Text("tenantId")!,
                    policy.Text("objectId")!,
                    permissions.ToDictionary(p => p.Key, p => (IReadOnlyList<string>)permissions.Texts(p.Key))
                )
                {
                    ApplicationId = policy.Text("applicationId"),
                };
            }),
        ];

    public static JsonArray Json(IEnumerable<AccessPolicy> policies) =>
        new([
            .. policies.Select(p =>
            {
                var permissions = new JsonObject();
                foreach (var kind in p.Permissions)
                    permissions[kind.Key] = kind.Value.ToJson();
                var policy = new JsonObject { ["tenantId"] = p.TenantId, ["objectId"] = p.ObjectId };
                if (p.ApplicationId is { } application)
                    policy["applicationId"] = application;
                policy["permissions"] = permissions;
                return (JsonNode)policy;
            }),
        ]);

    /// <summary>Adds or removes single permissions. A policy without permissions disappears.</summary>
    private static List<AccessPolicy> Merge(IReadOnlyList<AccessPolicy> present, List<AccessPolicy> given, bool add)
    {
        var merged = present.ToList();
        foreach (var policy in given)
        {
            var index = merged.FindIndex(p =>
                AzureDirectory.Same(p.ObjectId, policy.ObjectId)
                && AzureDirectory.Same(p.ApplicationId, policy.ApplicationId)
            );
            var before = index >= 0 ? merged[index].Permissions : new Dictionary<string, IReadOnlyList<string>>();
            var permissions = before
                .Keys.Union(policy.Permissions.Keys)
                .ToDictionary(kind => kind, kind => Merge(Of(before, kind), Of(policy.Permissions, kind), add));
            if (index >= 0)
                merged.RemoveAt(index);
            if (permissions.Values.Any(p => p.Count > 0))
                merged.Add(policy with { Permissions = permissions });
        }

        return merged;
    }

    private static IReadOnlyList<string> Merge(IReadOnlyList<string> present, IReadOnlyList<string> given, bool add) =>
        [
            .. add
                ? present.Union(given, StringComparer.OrdinalIgnoreCase)
                : present.Except(given, StringComparer.OrdinalIgnoreCase),
        ];

    private static IReadOnlyList<string> Of(
        IReadOnlyDictionary<string, IReadOnlyList<string>> permissions,
        string kind
    ) => permissions.TryGetValue(kind, out var found) ? found : [];
}
