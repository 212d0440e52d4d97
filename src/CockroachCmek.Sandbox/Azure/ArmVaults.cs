using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft.KeyVault on the control plane: vaults and their access policies. From 2026-02-01 on, roles are the default of new vaults.</summary>
internal sealed class ArmVaults(AzureWorld world)
{
    private const string Type = "Microsoft.KeyVault/vaults";
    private static readonly string[] Versions =
    [
        "2023-07-01",
        "2024-04-01-preview",
        "2024-11-01",
        "2024-12-01-preview",
        "2025-05-01",
        "2026-02-01",
    ];
    private static readonly string[] Operations = ["add", "replace", "remove"];
    private static readonly Regex Name = new(
        "^(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        RegexOptions.CultureInvariant
    );

    public static AzureFault NotFound(string name, string group) =>
        new(404, "ResourceNotFound", $"The Resource '{Type}/{name}' under resource group '{group}' was not found.");

    public AzureAnswer Answer(ServicePrincipal caller, AzureRequest request, string version)
    {
        if (!Versions.Contains(version))
            throw new AzureFault(
                400,
                "NoRegisteredProviderFound",
                $"No registered resource provider found for API version '{version}' for type 'vaults'. The supported api-versions are '{string.Join(", ", Versions)}'."
            );
        var path = request.Segments;
        var shape = string.Join(
            "/",
            path.Select((s, i) => i == 1 || (path.Count > 5 && i is 3 or 7) ? "*" : s.ToLowerInvariant())
        );
        switch ((request.Method, shape))
        {
            case ("GET", "subscriptions/*/providers/microsoft.keyvault/vaults"):
                return List(caller, $"/subscriptions/{path[1]}");
            case ("GET", "subscriptions/*/resourcegroups/*/providers/microsoft.keyvault/vaults"):
                return List(caller, Group(path));
            case ("GET", "subscriptions/*/resourcegroups/*/providers/microsoft.keyvault/vaults/*"):
                return AzureAnswer.Ok(Json(Find(caller, path, "read")));
            case ("PUT", "subscriptions/*/resourcegroups/*/providers/microsoft.keyvault/vaults/*"):
                return Put(caller, path, request.Body("InvalidRequestContent"), version);
            case ("PATCH", "subscriptions/*/resourcegroups/*/providers/microsoft.keyvault/vaults/*"):
                return Patch(Find(caller, path, "write"), request.Body("InvalidRequestContent"));
            case ("PUT", _)
                when path.Count == 10
                    && AzureDirectory.Same(path[8], "accessPolicies")
                    && Operations.Contains(path[9].ToLowerInvariant()):
                return Policies(caller, path, request.Body("InvalidRequestContent"));
            default:
                throw new AzureFault(
                    404,
                    "InvalidResourceType",
                    $"The sandbox has no resource {request.Method} {request.Path}."
                );
        }
    }

    private AzureAnswer List(ServicePrincipal caller, string scope)
    {
        if (scope.Split('/').Length > 3 && !world.Groups.ContainsKey(scope))
            throw ArmService.NoGroup(scope.Split('/').Last());
        ArmService.Require(world, caller, Type + "/read", scope);
        return AzureAnswer.List(world.Vaults.Where(v => RoleBook.IsAtOrBelow(v.Id, scope)).Select(Json));
    }

    private AzureVault Find(ServicePrincipal caller, IReadOnlyList<string> path, string verb)
    {
        ArmService.Require(world, caller, $"{Type}/{verb}", $"{Group(path)}/providers/{Type}/{path[7]}");
        if (!world.Groups.ContainsKey(Group(path)))
            throw ArmService.NoGroup(path[3]);
        return world.Vaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, $"{Group(path)}/providers/{Type}/{path[7]}"))
            ?? throw NotFound(path[7], path[3]);
    }

    private AzureAnswer Put(ServicePrincipal caller, IReadOnlyList<string> path, JsonObject body, string version)
    {
        var (group, name) = (Group(path), path[7]);
        ArmService.Require(world, caller, Type + "/write", $"{group}/providers/{Type}/{name}");
        if (!world.Groups.ContainsKey(group))
            throw ArmService.NoGroup(path[3]);
        if (!Name.IsMatch(name))
            throw new AzureFault(
                400,
                "VaultNameNotValid",
                $"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens."
            );
        var location = body.Text("location")
            ?? throw new AzureFault(400, "LocationRequired", "The location property is required for this definition.");
        var properties = body.Object("properties") ?? throw Bad("properties is required.");
        if (!AzureDirectory.Same(properties.Text("tenantId"), caller.TenantId))
            throw Bad($"The tenant '{properties.Text("tenantId")}' is not the tenant of the subscription.");
        if (properties.Object("sku").Text("name") is null)
            throw Bad("The parameter sku is required.");
        var before = world.Vaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, $"{group}/providers/{Type}/{name}"));
        if (before is null && world.Vault(name) is not null)
            throw new AzureFault(
                409,
                "VaultAlreadyExists",
                $"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already taken."
            );
        var byRoles = properties.Flag("enableRbacAuthorization")
            ?? (string.CompareOrdinal(version, "2026-02-01") >= 0 ? true : null);
        var wanted = Read(
            new VaultSettings
            {
                RbacAuthorization = byRoles,
                PurgeProtection = before?.Settings.PurgeProtection ?? false,
            },
            body
        );
        if (before is null && byRoles is not true && properties["accessPolicies"] is null)
            throw Bad("The parameter accessPolicies is not specified.");
        var days = properties.Number("softDeleteRetentionInDays");
        if (before is not null)
        {
            if (days is { } other && other != before.RetentionDays)
                throw Bad("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.");
            before.Change(wanted, world.Now);
            return AzureAnswer.Ok(Json(before));
        }

        if (days is < 7 or > 90)
            throw Bad("The property \"softDeleteRetentionInDays\" must be between 7 and 90.");
        var made = new AzureVault(caller.TenantId, path[1], path[3], name, location, world.Now, wanted)
        {
            RetentionDays = (int)(days ?? 90),
        };
        world.Vaults.Add(made);
        return new AzureAnswer(201, Json(made));
    }

    private AzureAnswer Patch(AzureVault vault, JsonObject body)
    {
        vault.Change(Read(vault.Settings, body), world.Now);
        return AzureAnswer.Ok(Json(vault));
    }

    /// <summary>Settings after a body: what it does not name stays.</summary>
    private static VaultSettings Read(VaultSettings before, JsonObject body)
    {
        var properties = body.Object("properties");
        if (properties.Flag("enablePurgeProtection") is false)
            throw Bad(
                "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is an irreversible action."
            );
        if (properties.Flag("enableSoftDelete") is false)
            throw Bad("The property \"enableSoftDelete\" cannot be set to false for creating new vault.");
        var sku = properties.Object("sku").Text("name")?.ToLowerInvariant() ?? before.Sku;
        if (sku is not ("standard" or "premium"))
            throw Bad($"The sku '{sku}' is not supported.");
        return before with
        {
            RbacAuthorization = properties.Flag("enableRbacAuthorization") ?? before.RbacAuthorization,
            PurgeProtection = properties.Flag("enablePurgeProtection") ?? before.PurgeProtection,
            Sku = sku,
            Policies = properties?["accessPolicies"] is JsonArray policies ? ReadPolicies(policies) : before.Policies,
            NetworkAcls = properties.Object("networkAcls")?.ToJsonString() ?? before.NetworkAcls,
            PublicNetworkAccess = properties.Text("publicNetworkAccess") is { } access
                ? (AzureDirectory.Same(access, "Disabled") ? "Disabled" : "Enabled")
                : before.PublicNetworkAccess,
            Tags = body["tags"] is JsonObject ? body.Map("tags") : before.Tags,
        };
    }

    private AzureAnswer Policies(ServicePrincipal caller, IReadOnlyList<string> path, JsonObject body)
    {
        ArmService.Require(world, caller, Type + "/accessPolicies/write", $"{Group(path)}/providers/{Type}/{path[7]}");
        var vault = world.Vaults.FirstOrDefault(v =>
            AzureDirectory.Same(v.Id, $"{Group(path)}/providers/{Type}/{path[7]}")
        ) ?? throw NotFound(path[7], path[3]);
        var given = ReadPolicies(
            body.Object("properties")?["accessPolicies"] as JsonArray
                ?? throw Bad("The parameter accessPolicies is not specified.")
        );
        var operation = path[9].ToLowerInvariant();
        var policies = operation == "replace" ? given : Merge(vault.Settings.Policies, given, operation == "add");
        vault.Change(vault.Settings with { Policies = policies }, world.Now);
        return AzureAnswer.Ok(
            new JsonObject
            {
                ["id"] = $"{vault.Id}/accessPolicies/",
                ["type"] = Type + "/accessPolicies",
                ["location"] = vault.Location,
                ["properties"] = new JsonObject { ["accessPolicies"] = Json(policies) },
            }
        );
    }

    private static List<AccessPolicy> Merge(IReadOnlyList<AccessPolicy> present, List<AccessPolicy> given, bool add)
    {
        var merged = present.ToList();
        foreach (var policy in given)
        {
            var at = merged.FindIndex(p => AzureDirectory.Same(p.ObjectId, policy.ObjectId));
            var before = at >= 0 ? merged[at].Permissions : new Dictionary<string, IReadOnlyList<string>>();
            var permissions = before
                .Keys.Union(policy.Permissions.Keys)
                .ToDictionary(
                    k => k,
                    kind =>
                    {
                        var (old, change) = (Of(before, kind), Of(policy.Permissions, kind));
                        return (IReadOnlyList<string>)
                            [
                                .. add
                                    ? old.Union(change, StringComparer.OrdinalIgnoreCase)
                                    : old.Except(change, StringComparer.OrdinalIgnoreCase),
                            ];
                    }
                );
            if (at >= 0)
                merged.RemoveAt(at);
            if (permissions.Values.Any(p => p.Count > 0))
                merged.Add(policy with { Permissions = permissions });
        }

        return merged;
    }

    private static IReadOnlyList<string> Of(
        IReadOnlyDictionary<string, IReadOnlyList<string>> permissions,
        string kind
    ) => permissions.TryGetValue(kind, out var found) ? found : [];

    private static List<AccessPolicy> ReadPolicies(JsonArray policies) =>
        [
            .. policies.Select(item =>
            {
                var policy = item as JsonObject;
                if (!Guid.TryParse(policy.Text("tenantId"), out _) || !Guid.TryParse(policy.Text("objectId"), out _))
                    throw Bad("An access policy needs tenantId and objectId.");
                var permissions = policy.Object("permissions") ?? throw Bad("An access policy needs permissions.");
                return new AccessPolicy(
                    policy.Text("tenantId")!,
                    policy.Text("objectId")!,
                    permissions.ToDictionary(p => p.Key, p => (IReadOnlyList<string>)permissions.Texts(p.Key))
                );
            }),
        ];

    private static JsonArray Json(IEnumerable<AccessPolicy> policies) =>
        new([
            .. policies.Select(p =>
            {
                var permissions = new JsonObject();
                foreach (var kind in p.Permissions)
                    permissions[kind.Key] = kind.Value.ToJson();
                return (JsonNode)
                    new JsonObject
                    {
                        ["tenantId"] = p.TenantId,
                        ["objectId"] = p.ObjectId,
                        ["permissions"] = permissions,
                    };
            }),
        ]);

    private JsonObject Json(AzureVault vault)
    {
        var settings = vault.Settings;
        var properties = new JsonObject
        {
            ["sku"] = new JsonObject { ["family"] = "A", ["name"] = settings.Sku },
            ["tenantId"] = vault.TenantId,
            ["accessPolicies"] = Json(settings.Policies),
            ["enabledForDeployment"] = false,
            ["enableSoftDelete"] = true,
            ["softDeleteRetentionInDays"] = vault.RetentionDays,
            ["vaultUri"] = $"https://{vault.HostName}/",
            ["provisioningState"] = vault.IsRegistered(world.Now) ? "Succeeded" : "RegisteringDns",
            ["publicNetworkAccess"] = settings.PublicNetworkAccess,
        };
        if (settings.RbacAuthorization is { } byRoles)
            properties["enableRbacAuthorization"] = byRoles;
        if (settings.PurgeProtection)
            properties["enablePurgeProtection"] = true;
        if (settings.NetworkAcls is { } acls)
            properties["networkAcls"] = JsonNode.Parse(acls);
        return new JsonObject
        {
            ["id"] = vault.Id,
            ["name"] = vault.Name,
            ["type"] = Type,
            ["location"] = vault.Location,
            ["tags"] = settings.Tags.ToJson(),
            ["properties"] = properties,
        };
    }

    private static string Group(IReadOnlyList<string> path) => $"/subscriptions/{path[1]}/resourceGroups/{path[3]}";

    private static AzureFault Bad(string message) => new(400, "BadRequest", message);
}
