using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>An application as registered in its home tenant.</summary>
internal sealed record AzureApplication(string AppId, string DisplayName, string HomeTenantId)
{
    public bool IsMultiTenant { get; init; }

    public string? Secret { get; init; }
}

/// <summary>An application in one tenant. Roles are assigned to its object id.</summary>
internal sealed class ServicePrincipal(AzureApplication application, string tenantId, DateTimeOffset created)
{
    public string Id { get; } = Guid.NewGuid().ToString("D");

    public AzureApplication Application { get; } = application;

    public string TenantId { get; } = tenantId;

    public DateTimeOffset Created { get; } = created;

    public bool IsEnabled { get; set; } = true;

    /// <summary>Application permissions on Microsoft Graph that an administrator consented to.</summary>
    public IReadOnlyCollection<string> GraphRoles { get; set; } = [];
}

/// <summary>A delegated permission that an administrator consented to.</summary>
internal sealed record PermissionGrant(
    string Id,
    string TenantId,
    string ClientId,
    string ConsentType,
    string? PrincipalId,
    string ResourceId,
    string Scope
);

/// <summary>An issued token. It expires in real time, because clients use their own clock.</summary>
internal sealed record AzureToken(string Value, ServicePrincipal Principal, string Audience, DateTimeOffset Expires);

/// <summary>The tenants: applications, service principals, permission grants and tokens.</summary>
internal sealed class AzureDirectory(SandboxClock clock, TimeProvider real, AzureData data)
{
    public const string KeyVaultAudience = "https://vault.azure.net";
    public const string ArmAudience = "https://management.azure.com";
    public const string GraphAudience = "https://graph.microsoft.com";
    public const string GraphAppId = "00000003-0000-0000-c000-000000000000";

    /// <summary>How long ARM does not know a new principal: "PrincipalNotFound" (Azure/AgentBaker#8251).</summary>
    private static readonly TimeSpan Replication = TimeSpan.FromSeconds(20);

    private static StringComparer Ids => StringComparer.OrdinalIgnoreCase;

    public HashSet<string> Tenants => data.Tenants;

    public List<AzureApplication> Applications => data.Applications;

    public List<ServicePrincipal> Principals => data.Principals;

    public List<PermissionGrant> Grants => data.Grants;

    public List<EntraGroup> Groups => data.EntraGroups;

    public EntraGroup? Group(string tenantId, string? id) =>
        Groups.FirstOrDefault(g => Same(g.TenantId, tenantId) && Same(g.Id, id));

    /// <summary>The groups that somebody is in at a time, directly or through other groups.</summary>
    public List<EntraGroup> GroupsOf(string id, DateTimeOffset time)
    {
        var found = new List<EntraGroup>();
        var open = new Queue<string>([id]);
        while (open.Count > 0)
        {
            var member = open.Dequeue();
            foreach (var group in Groups.Where(g => g.MembersAt(time).Contains(member, Ids)).Except(found).ToList())
            {
                found.Add(group);
                open.Enqueue(group.Id);
            }
        }

        return found;
    }

    /// <summary>The ids whose roles a principal has at a time: its own and those of its groups.</summary>
    public HashSet<string> IdentitiesOf(string principalId, DateTimeOffset time) =>
        new(GroupsOf(principalId, time).Select(g => g.Id).Append(principalId), Ids);

    public AzureApplication? Application(string? appId) => Applications.FirstOrDefault(a => Same(a.AppId, appId));

    public ServicePrincipal? Principal(string tenantId, string? appId) =>
        Principals.FirstOrDefault(p => Same(p.TenantId, tenantId) && Same(p.Application.AppId, appId));

    public IEnumerable<ServicePrincipal> InTenant(string tenantId) => Principals.Where(p => Same(p.TenantId, tenantId));

    public ServicePrincipal? PrincipalById(string? id) => Principals.FirstOrDefault(p => Same(p.Id, id));

    public bool IsKnownToArm(ServicePrincipal principal) => clock.UtcNow >= principal.Created + Replication;

    public ServicePrincipal AddPrincipal(
        AzureApplication application,
        string tenantId,
        DateTimeOffset? created = null,
        params string[] graphRoles
    )
    {
        var principal = new ServicePrincipal(application, tenantId, created ?? clock.UtcNow)
        {
            GraphRoles = graphRoles,
        };
        Principals.Add(principal);
        return principal;
    }

    public void Remove(ServicePrincipal principal)
    {
        Principals.Remove(principal);
        Grants.RemoveAll(g => g.ClientId == principal.Id);
    }

    /// <summary>Does what admin consent does: adds the service principal and the grant of User.Read.</summary>
    public ServicePrincipal Consent(AzureApplication application, string tenantId)
    {
        var principal = Principal(tenantId, application.AppId) ?? AddPrincipal(application, tenantId);
        var graph = Principal(tenantId, GraphAppId)!;
        if (!Grants.Any(g => g.ClientId == principal.Id && g.ResourceId == graph.Id))
            Grants.Add(
                new PermissionGrant(NewId(), tenantId, principal.Id, "AllPrincipals", null, graph.Id, "User.Read")
            );
        return principal;
    }

    /// <summary>The audience of a scope or resource parameter; null if it is unknown.</summary>
    public static string? Audience(string resource)
    {
        var name = resource.EndsWith("/.default", StringComparison.Ordinal)
            ? resource.Substring(0, resource.Length - "/.default".Length)
            : resource;
        return name.TrimEnd('/') switch
        {
            KeyVaultAudience => KeyVaultAudience,
            ArmAudience or "https://management.core.windows.net" => ArmAudience,
            GraphAudience or GraphAppId => GraphAudience,
            Logs.LogAnalyticsService.Audience or "https://api.loganalytics.azure.com" =>
                Logs.LogAnalyticsService.Audience,
            _ => null,
        };
    }

    /// <summary>
    /// Issues an unsigned JWT, because clients read its claims. The sandbox recognizes the tokens that it issued.
    /// </summary>
    public AzureToken Issue(ServicePrincipal principal, string audience)
    {
        var now = real.GetUtcNow();
        var expires = now.AddHours(1);
        var payload = new JsonObject
        {
            ["aud"] = audience,
            ["iss"] = $"https://sts.windows.net/{principal.TenantId}/",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["appid"] = principal.Application.AppId,
            ["idtyp"] = "app",
            ["oid"] = principal.Id,
            ["sub"] = principal.Id,
            ["tid"] = principal.TenantId,
            ["ver"] = "1.0",
        };
        if (audience == GraphAudience)
            payload["roles"] = principal.GraphRoles.ToJson();
        var token = new AzureToken(
            $"{Part("""{"typ":"JWT","alg":"none"}""")}.{Part(payload.ToJsonString())}.{Base64Url.Encode(Random(24))}",
            principal,
            audience,
            expires
        );
        data.Tokens[token.Value] = token;
        return token;
    }

    /// <summary>
    /// The token, if it has not expired and its principal still exists. Five minutes of clock skew are allowed.
    /// </summary>
    public AzureToken? Token(string? value) =>
        value is not null
        && data.Tokens.TryGetValue(value, out var token)
        && real.GetUtcNow() < token.Expires.AddMinutes(5)
        && Principals.Contains(token.Principal)
            ? token
            : null;

    public static bool Same(string? one, string? other) =>
        string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>A random secret that does not look like a real one, so that secret scanners ignore it.</summary>
    public static string NewSecret(string purpose) => $"sandbox-{purpose}-{Base64Url.Encode(Random(18))}";

    private static string NewId() => Base64Url.Encode(Random(30));

    private static string Part(string json) => Base64Url.Encode(Encoding.UTF8.GetBytes(json));

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }
}
