using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Prepared messes in Azure. They concern the cluster azure-in, which then uses CMEK.</summary>
internal static class AzureScenarios
{
    private const string Cluster = "azure-in";
    private const string Group = "CockroachDB key users";

    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new("LockedKeyVault", "azure-in: a CanNotDelete lock keeps the Key Vault and its role assignments.", server =>
            Change(server, (context, grant) =>
            {
                var wanted = new ManagementLock("keep", ResourceGroup(grant.Scope), "CanNotDelete", "Landing zone");
                if (!context.Locks.All.Contains(wanted))
                    context.Locks.Put(wanted);
            })
        ),
        new("EntraGroup", "azure-in: the application has its role as a member of an Entra group.", server =>
            Change(server, MoveToGroup)
        ),
        new("InheritedRole", "azure-in: the application has its role on the management group corp.", server =>
            Change(server, (context, grant) =>
                context.Roles.Replace(
                    grant,
                    grant with
                    {
                        Scope = AzureScopes.ManagementGroups + AzureSetup.ManagementGroup,
                    }
                )
            )
        ),
        new("ConditionalRole", "azure-in: a condition ends the application's role in 30 days.", server =>
            Change(server, (context, grant) =>
            {
                var end = AzureJson.Time(context.Now.AddDays(30));
                var condition = $"@Environment[UtcNow] DateTimeLessThan '{end}'";
                context.Roles.Replace(grant, grant with { Condition = grant.Condition ?? condition });
            })
        ),
        new("DenyAssignment", "azure-in: a deployment stack denies the application the use of keys.", server =>
            Change(server, Deny)
        ),
        new(
            "KeyVaultLogs",
            "azure-in: the audit log of its Key Vault goes to a workspace, which has a week of it.",
            Log
        ),
        new("AzurePolicy", "Azure Policy refuses new keys without an expiry date, in the whole subscription.", server =>
            server.Azure.AddPolicy("/subscriptions/" + server.Azure.SubscriptionId, AzurePolicyRule.KeysNeedExpiry)
        ),
    ];

    /// <summary>Changes Azure around the role assignment of the cluster's application.</summary>
    private static void Change(SandboxServer server, Action<AzureContext, RoleAssignment> change)
    {
        var cluster = server.Cloud.Clusters.First(c => c.Name == Cluster);
        server.UseCmek(Cluster);
        server.Azure.Locked(context =>
        {
            var principal = context.Directory.Principal(server.Azure.TenantId, cluster.AzureApplicationId)!;
            var grant = context.Roles.Present.FirstOrDefault(a => a.PrincipalId == principal.Id);
            if (grant is not null)
                change(context, grant);
            return grant;
        });
    }

    /// <summary>Sends the audit log to the workspace, and starts a node on each of the last days.</summary>
    private static void Log(SandboxServer server)
    {
        var cluster = server.Cloud.Clusters.First(c => c.Name == Cluster);
        var spec = server.UseCmek(Cluster);
        if (server.Azure.IsLogged)
            return;
        server.Azure.LogKeyVault();
        var request = new KeyUseRequest(
            spec.Uri,
            spec.AuthPrincipal,
            server.Cloud.OrganizationId,
            cluster.Id,
            cluster.AccountId,
            cluster.Regions[0].Name
        );
        for (var days = 7; days > 0; days--)
            new AzureKeyUser(server.Azure).Unwrap(
                request with
                {
                    At = server.Clock.UtcNow.AddDays(-days),
                },
                cluster.Cmek.Regions[0].Current!.Wrapped
            );
    }

    private static void MoveToGroup(AzureContext context, RoleAssignment grant)
    {
        var longAgo = context.Now.AddDays(-300);
        var tenant = context.Directory.PrincipalById(grant.PrincipalId)!.TenantId;
        var group = new EntraGroup(tenant, Group, longAgo);
        group.Add(grant.PrincipalId, longAgo);
        context.Directory.Groups.Add(group);
        context.Roles.Replace(grant, grant with { PrincipalId = group.Id, PrincipalType = "Group" });
    }

    private static void Deny(AzureContext context, RoleAssignment grant)
    {
        if (context.DenyAssignments.Any(d => d.Principals.Contains(grant.PrincipalId)))
            return;
        string[] use = ["Microsoft.KeyVault/vaults/keys/*"];
        context.DenyAssignments.Add(
            new DenyAssignment(
                Guid.NewGuid().ToString("D"),
                "Deny assignment of the stack landing-zone",
                ResourceGroup(grant.Scope),
                new RolePermission([], [], use, [])
            )
            {
                Principals = [grant.PrincipalId],
                Created = context.Now.AddDays(-300),
            }
        );
    }

    private static string ResourceGroup(string scope) =>
        scope.Split('/') is { Length: > 4 } path ? string.Join("/", path.Take(5)) : scope;
}
