using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure.Logs;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What is in Azure when the sandbox starts, and what its owner adds later.</summary>
internal sealed class AzureSetup(AzureContext context, AzureData data)
{
    public const string ResourceGroup = "crdb-cmek";
    public const string ManagementGroup = "corp";
    public const string Location = "westeurope";
    public const string RbacVault = "cmek-sandbox";
    public const string PolicyVault = "cmek-policies";
    public const string FirewalledVault = "cmek-walled";
    public const string PremiumVault = "cmek-premium";
    public const string ForeignVault = "cmek-foreign";
    public const string Workspace = "crdb-logs";

    /// <summary>Everything that exists at start was created long before.</summary>
    private DateTimeOffset LongAgo => context.Now.AddDays(-400);

    private string Subscription => $"/subscriptions/{data.SubscriptionId}";

    /// <summary>Creates tenants, subscriptions, key vaults and the two principals with all rights.</summary>
    public void CreateAll()
    {
        CreateTenants();
        CreateManagementGroups();
        CreateKeyVaults();
        data.Workspaces.Add(
            new LogWorkspace(
                $"{Subscription}/resourceGroups/{ResourceGroup}/providers/{ArmWorkspaces.Type}/{Workspace}",
                Location,
                30,
                LongAgo
            )
        );
        data.Admin = AddPrincipal("sandbox-admin", AzureRights.All);
        data.ManagedIdentity = AddPrincipal("sandbox-automation", AzureRights.All);
    }

    /// <summary>Adds an application with its service principal and rights that are already in effect.</summary>
    public AzurePrincipal AddPrincipal(string name, AzureRights rights)
    {
        var application = new AzureApplication(Guid.NewGuid().ToString("D"), name, data.TenantId)
        {
            Secret = AzureDirectory.NewSecret("azure"),
        };
        context.Directory.Applications.Add(application);
        var principal = context.Directory.AddPrincipal(application, data.TenantId, LongAgo, GraphRoles(rights));
        if ((rights & AzureRights.Subscription) != 0)
            context.Roles.Assign(principal.Id, BuiltInRoles.Owner, Subscription, LongAgo);
        if ((rights & AzureRights.Keys) != 0)
        {
            context.Roles.Assign(principal.Id, BuiltInRoles.KeyVaultAdministrator, Subscription, LongAgo);
            var policy = new AccessPolicy(
                data.TenantId,
                principal.Id,
                new Dictionary<string, IReadOnlyList<string>> { ["keys"] = ["all"] }
            );
            context
                .FindKeyVault(PolicyVault)!
                .Amend(settings => settings with { Policies = [.. settings.Policies, policy] });
        }

        return new AzurePrincipal(application.AppId, application.Secret!, principal.Id);
    }

    /// <summary>Assigns a role, built in or custom, that is already in effect.</summary>
    public void Assign(string principalId, string roleName, string scope)
    {
        var type = context.Directory.Group(data.TenantId, principalId) is null ? "ServicePrincipal" : "Group";
        var role = context.RoleDefinitions.InTenant(data.TenantId).Single(r => r.Name == roleName);
        context.Roles.Assign(principalId, role, scope, LongAgo, type);
    }

    /// <summary>Adds a custom role that can be assigned anywhere in the tenant.</summary>
    public void AddRole(string name, RolePermission permission) =>
        context.RoleDefinitions.Put(
            data.TenantId,
            new AzureRole(Guid.NewGuid().ToString("D"), name, [permission]) { IsCustom = true },
            LongAgo
        );

    /// <summary>Adds a group whose members have been in it for long.</summary>
    public string AddGroup(string name, IEnumerable<string> members)
    {
        var group = new EntraGroup(data.TenantId, name, LongAgo);
        foreach (var member in members)
            group.Add(member, LongAgo);
        context.Directory.Groups.Add(group);
        return group.Id;
    }

    public string Deny(string scope, RolePermission permission, string[] principals)
    {
        var deny = new DenyAssignment(Guid.NewGuid().ToString("D"), "Deny assignment of a stack", scope, permission)
        {
            Principals = principals.Length > 0 ? principals : [DenyAssignment.Everybody],
            Created = context.Now,
        };
        context.DenyAssignments.Add(deny);
        return deny.Id;
    }

    public void RemoveDeny(string id)
    {
        var index = context.DenyAssignments.FindIndex(d => AzureDirectory.Same(d.Id, id));
        context.DenyAssignments[index] = context.DenyAssignments[index] with { Removed = context.Now };
    }

    public void AddClusterApplication(string clusterId, string appId)
    {
        context.Directory.Applications.Add(
            new AzureApplication(appId, $"CockroachDB Cloud - {clusterId}", data.CockroachTenantId)
            {
                IsMultiTenant = true,
            }
        );
        context.ClusterApplications[clusterId] = appId;
    }

    /// <summary>Creates a key that the cluster can use at once.</summary>
    public SandboxKeySpec SeedKey(string clusterName, string clusterId)
    {
        var application = context.Directory.Application(context.ClusterApplications[clusterId])!;
        var principal = context.Directory.Consent(application, data.TenantId);
        var keyVault = context.FindKeyVault(RbacVault)!;
        context.Roles.Assign(principal.Id, BuiltInRoles.CryptoServiceEncryptionUser, keyVault.Id, LongAgo);
        var bundle = new KeyVaultKeys(context).Create(
            keyVault,
            $"crdb-cmek-{clusterName}",
            new JsonObject { ["kty"] = "RSA", ["key_size"] = 3072 }
        );
        return new SandboxKeySpec("AZURE_KEY_VAULT", (string)bundle["key"]!["kid"]!, data.TenantId);
    }

    /// <summary>Sends the audit log of a key vault to the workspace.</summary>
    public DiagnosticSetting LogKeyVault(KeyVault keyVault, bool isDedicated)
    {
        data.DiagnosticSettings.RemoveAll(s => s.Name == "audit" && s.Scope == keyVault.Id);
        var setting = new DiagnosticSetting(keyVault.Id, "audit", LongAgo)
        {
            Enabled = ["AuditEvent"],
            Logs = """[{"category":"AuditEvent","enabled":true,"retentionPolicy":{"days":0,"enabled":false}}]""",
            WorkspaceId = data.Workspaces[0].Id,
            IsDedicated = isDedicated,
        };
        data.DiagnosticSettings.Add(setting);
        return setting;
    }

    private void CreateTenants()
    {
        var graph = new AzureApplication(AzureDirectory.GraphAppId, "Microsoft Graph", Guid.NewGuid().ToString("D"))
        {
            IsMultiTenant = true,
        };
        context.Directory.Applications.Add(graph);
        foreach (
            var (tenant, subscription) in new[]
            {
                (data.TenantId, data.SubscriptionId),
                (data.ForeignTenantId, data.ForeignSubscriptionId),
            }
        )
        {
            context.Directory.Tenants.Add(tenant);
            context.Directory.AddPrincipal(graph, tenant, LongAgo);
            context.Subscriptions[subscription] = tenant;
            context.Groups[$"/subscriptions/{subscription}/resourceGroups/{ResourceGroup}"] = Location;
        }
    }

    private void CreateManagementGroups()
    {
        foreach (var tenant in new[] { data.TenantId, data.ForeignTenantId })
            data.ManagementGroups.Add(new ManagementGroup(tenant, "Tenant Root Group", tenant, null));
        data.ManagementGroups.Add(new ManagementGroup(ManagementGroup, "Corporation", data.TenantId, data.TenantId));
        data.SubscriptionParents[data.SubscriptionId] = ManagementGroup;
        data.SubscriptionParents[data.ForeignSubscriptionId] = data.ForeignTenantId;
    }

    private void CreateKeyVaults()
    {
        var rbac = new KeyVaultSettings { RbacAuthorization = true };
        const string DenyAll =
            """{"bypass":"AzureServices","defaultAction":"Deny","ipRules":[],"virtualNetworkRules":[]}""";
        Add(RbacVault, rbac with { PurgeProtection = true });
        Add(PolicyVault, rbac with { RbacAuthorization = false });
        Add(FirewalledVault, rbac with { NetworkAcls = DenyAll });
        Add(PremiumVault, rbac with { PurgeProtection = true, Sku = "premium" });
        context.KeyVaults.Add(
            new KeyVault(
                data.ForeignTenantId,
                data.ForeignSubscriptionId,
                ResourceGroup,
                ForeignVault,
                Location,
                LongAgo,
                rbac
            )
        );

        void Add(string name, KeyVaultSettings settings) =>
            context.KeyVaults.Add(
                new KeyVault(data.TenantId, data.SubscriptionId, ResourceGroup, name, Location, LongAgo, settings)
            );
    }

    private static string[] GraphRoles(AzureRights rights)
    {
        var roles = new List<string>();
        if ((rights & AzureRights.Graph) != 0)
            roles.AddRange([
                "Application.ReadWrite.All",
                "DelegatedPermissionGrant.ReadWrite.All",
                "Organization.Read.All",
            ]);
        if ((rights & AzureRights.GraphRead) != 0)
            roles.Add("Application.Read.All");
        if ((rights & AzureRights.Groups) != 0)
            roles.Add("Group.ReadWrite.All");
        if ((rights & AzureRights.GroupsRead) != 0)
            roles.Add("GroupMember.Read.All");
        return [.. roles];
    }
}
