using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// Microsoft.KeyVault on the control plane: key vaults. From API version 2026-02-01 on, new key vaults use roles by
/// default.
/// </summary>
internal sealed class ArmKeyVaults(AzureContext context)
{
    public const string Type = "Microsoft.KeyVault/vaults";
    private const string InGroup = "subscriptions/*/resourcegroups/*/providers/microsoft.keyvault/vaults";
    private static readonly string[] Versions =
    [
        "2023-07-01",
        "2024-04-01-preview",
        "2024-11-01",
        "2024-12-01-preview",
        "2025-05-01",
        "2026-02-01",
    ];
    private static readonly Regex Name = new(
        "^(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        RegexOptions.CultureInvariant
    );
    private readonly ArmDeletedVaults _deleted = new(context);
    private readonly ArmAccessPolicies _accessPolicies = new(context);

    public static AzureException NotFound(string name, string group) =>
        new(404, "ResourceNotFound", $"The Resource '{Type}/{name}' under resource group '{group}' was not found.");

    public static AzureException Bad(string message) => new(400, "BadRequest", message);

    /// <summary>The id of the resource group in a path.</summary>
    public static string Group(IReadOnlyList<string> path) => $"/subscriptions/{path[1]}/resourceGroups/{path[3]}";

    /// <summary>The id of the key vault in a path.</summary>
    public static string Id(IReadOnlyList<string> path) => $"{Group(path)}/providers/{Type}/{path[7]}";

    public AzureResponse Handle(ServicePrincipal caller, AzureRequest request, string version)
    {
        ArmApi.RequireVersion(version, Versions, "vaults");
        var path = request.Segments;
        if (ArmDeletedVaults.Handles(path))
            return _deleted.Handle(caller, request);
        var shape = string.Join(
            "/",
            path.Select((s, i) => i == 1 || (path.Count > 5 && i is 3 or 7) ? "*" : s.ToLowerInvariant())
        );
        switch ((request.Method, shape))
        {
            case ("GET", "subscriptions/*/providers/microsoft.keyvault/vaults"):
                return List(caller, $"/subscriptions/{path[1]}");
            case ("GET", InGroup):
                return List(caller, Group(path));
            case ("GET", InGroup + "/*"):
                return AzureResponse.Ok(Json(Find(caller, path, "read")));
            case ("PUT", InGroup + "/*"):
                return Put(caller, path, request.Body(ArmApi.InvalidBody), version);
            case ("PATCH", InGroup + "/*"):
                var keyVault = Find(caller, path, "write");
                context.Locks.RequireWrite(keyVault.Id);
                keyVault.Change(Read(keyVault.Settings, request.Body(ArmApi.InvalidBody)), context.Now);
                return AzureResponse.Ok(Json(keyVault));
            case ("DELETE", InGroup + "/*"):
                ArmApi.Require(context, caller, Type + "/delete", Id(path));
                if (TryFind(path) is not { } gone)
                    return AzureResponse.NoContent;
                _deleted.Delete(gone);
                return new AzureResponse(200, null);
            case ("PUT", _) when path.Count == 10 && ArmAccessPolicies.Handles(path):
                return _accessPolicies.Change(caller, path, request.Body(ArmApi.InvalidBody));
            default:
                throw ArmApi.NoResource(request);
        }
    }

    private AzureResponse List(ServicePrincipal caller, string scope)
    {
        if (scope.Split('/').Length > 3 && !context.Groups.ContainsKey(scope))
            throw ArmApi.NoGroup(scope.Split('/').Last());
        ArmApi.Require(context, caller, Type + "/read", scope);
        return AzureResponse.List(context.KeyVaults.Where(v => AzureScopes.IsAtOrBelow(v.Id, scope)).Select(Json));
    }

    private KeyVault Find(ServicePrincipal caller, IReadOnlyList<string> path, string verb)
    {
        ArmApi.Require(context, caller, $"{Type}/{verb}", Id(path));
        if (!context.Groups.ContainsKey(Group(path)))
            throw ArmApi.NoGroup(path[3]);
        return TryFind(path) ?? throw NotFound(path[7], path[3]);
    }

    private KeyVault? TryFind(IReadOnlyList<string> path) =>
        context.KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, Id(path)));

    private AzureResponse Put(ServicePrincipal caller, IReadOnlyList<string> path, JsonObject body, string version)
    {
        ArmApi.Require(context, caller, Type + "/write", Id(path));
        if (!context.Groups.ContainsKey(Group(path)))
            throw ArmApi.NoGroup(path[3]);
        var name = path[7];
        if (!Name.IsMatch(name))
            throw new AzureException(
                400,
                "VaultNameNotValid",
                $"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. "
                    + "The name must begin with a letter, end with a letter or digit, "
                    + "and not contain consecutive hyphens."
            );
        var location = body.Text("location")
            ?? throw new AzureException(
                400,
                "LocationRequired",
                "The location property is required for this definition."
            );
        var properties = body.Object("properties") ?? throw Bad("properties is required.");
        if (!AzureDirectory.Same(properties.Text("tenantId"), caller.TenantId))
            throw Bad($"The tenant '{properties.Text("tenantId")}' is not the tenant of the subscription.");
        if (properties.Object("sku").Text("name") is null)
            throw Bad("The parameter sku is required.");
        context.Locks.RequireWrite(Id(path));
        context.Policies.RequireKeyVault(Id(path), body);
        if (AzureDirectory.Same(properties.Text("createMode"), "recover"))
            return AzureResponse.Ok(Json(_deleted.Recover(Id(path))));
        var existing = TryFind(path);
        if (
            existing is null
            && context.KeyVaults.Concat(context.DeletedKeyVaults).Any(v => AzureDirectory.Same(v.Name, name))
        )
            throw new AzureException(
                409,
                "VaultAlreadyExists",
                $"The vault name '{name}' is already in use. "
                    + "Vault names are globally unique so it is possible that the name is already taken."
            );
        var rbac = properties.Flag("enableRbacAuthorization")
            ?? (string.CompareOrdinal(version, "2026-02-01") >= 0 ? true : null);
        var initial = new KeyVaultSettings
        {
            RbacAuthorization = rbac,
            PurgeProtection = existing?.Settings.PurgeProtection ?? false,
        };
        var settings = Read(initial, body);
        if (existing is null && rbac is not true && properties["accessPolicies"] is null)
            throw Bad("The parameter accessPolicies is not specified.");
        var days = properties.Number("softDeleteRetentionInDays");
        return existing is null ? Create(caller, path, location, settings, days) : Replace(existing, settings, days);
    }

    private AzureResponse Create(
        ServicePrincipal caller,
        IReadOnlyList<string> path,
        string location,
        KeyVaultSettings settings,
        long? retentionDays
    )
    {
        if (retentionDays is < 7 or > 90)
            throw Bad("The property \"softDeleteRetentionInDays\" must be between 7 and 90.");
        var created = new KeyVault(caller.TenantId, path[1], path[3], path[7], location, context.Now, settings)
        {
            RetentionDays = (int)(retentionDays ?? 90),
        };
        context.KeyVaults.Add(created);
        return new AzureResponse(201, Json(created));
    }

    private AzureResponse Replace(KeyVault keyVault, KeyVaultSettings settings, long? retentionDays)
    {
        if (retentionDays is { } days && days != keyVault.RetentionDays)
            throw Bad("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.");
        keyVault.Change(settings, context.Now);
        return AzureResponse.Ok(Json(keyVault));
    }

    /// <summary>The settings that result from a body. Settings that the body omits stay.</summary>
    private static KeyVaultSettings Read(KeyVaultSettings before, JsonObject body)
    {
        var properties = body.Object("properties");
        if (properties.Flag("enablePurgeProtection") is false)
            throw Bad(
                "The property \"enablePurgeProtection\" cannot be set to false. "
                    + "Enabling the purge protection for a vault is an irreversible action."
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
            Policies = properties?["accessPolicies"] is JsonArray policies
                ? ArmAccessPolicies.Read(policies)
                : before.Policies,
            NetworkAcls = properties.Object("networkAcls")?.ToJsonString() ?? before.NetworkAcls,
            PublicNetworkAccess = properties.Text("publicNetworkAccess") is { } access
                ? (AzureDirectory.Same(access, "Disabled") ? "Disabled" : "Enabled")
                : before.PublicNetworkAccess,
            Tags = body["tags"] is JsonObject ? body.Map("tags") : before.Tags,
        };
    }

    private JsonObject Json(KeyVault keyVault)
    {
        var settings = keyVault.Settings;
        var properties = new JsonObject
        {
            ["sku"] = new JsonObject { ["family"] = "A", ["name"] = settings.Sku },
            ["tenantId"] = keyVault.TenantId,
            ["accessPolicies"] = ArmAccessPolicies.Json(settings.Policies),
            ["enabledForDeployment"] = false,
            ["enableSoftDelete"] = true,
            ["softDeleteRetentionInDays"] = keyVault.RetentionDays,
            ["vaultUri"] = $"https://{keyVault.HostName}/",
            ["provisioningState"] = keyVault.IsRegistered(context.Now) ? "Succeeded" : "RegisteringDns",
            ["publicNetworkAccess"] = settings.PublicNetworkAccess,
        };
        if (settings.RbacAuthorization is { } rbac)
            properties["enableRbacAuthorization"] = rbac;
        if (settings.PurgeProtection)
            properties["enablePurgeProtection"] = true;
        if (settings.NetworkAcls is { } acls)
            properties["networkAcls"] = JsonNode.Parse(acls);
        return new JsonObject
        {
            ["id"] = keyVault.Id,
            ["name"] = keyVault.Name,
            ["type"] = Type,
            ["location"] = keyVault.Location,
            ["tags"] = settings.Tags.ToJson(),
            ["properties"] = properties,
        };
    }
}
