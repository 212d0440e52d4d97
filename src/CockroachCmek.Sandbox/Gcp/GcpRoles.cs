using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A role and what it permits.</summary>
internal sealed record GcpRole(string Name, string Title, IReadOnlyCollection<string> Permissions)
{
    public string? Description { get; init; }

    public string Stage { get; init; } = "GA";

    public byte[] Etag { get; init; } = GcpPolicy.NewEtag(0);

    public JsonObject ToJson(bool full)
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["title"] = Title,
            ["stage"] = Stage,
            ["etag"] = Convert.ToBase64String(Etag),
        };
        if (Description is not null)
            json["description"] = Description;
        if (full && Permissions.Count > 0)
            json["includedPermissions"] = new JsonArray([.. Permissions.Select(p => (JsonNode)p)]);
        return json;
    }
}

/// <summary>Google's predefined roles that CMEK touches, with their permissions as far as this sandbox has methods for them, and the projects' custom roles.</summary>
internal sealed class GcpRoles(GcpData data)
{
    private static readonly string[] AdministerKms =
    [
        "cloudkms.locations.list",
        "cloudkms.locations.get",
        "cloudkms.keyRings.create",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.list",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.list",
        "cloudkms.cryptoKeys.update",
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.useToImport",
    ];

    private static readonly string[] AdministerAccounts =
    [
        "iam.serviceAccounts.create",
        "iam.serviceAccounts.delete",
        "iam.serviceAccounts.disable",
        "iam.serviceAccounts.enable",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.getIamPolicy",
        "iam.serviceAccounts.list",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccounts.undelete",
        "iam.serviceAccounts.update",
        "resourcemanager.projects.get",
    ];

    private static readonly string[] Encrypt = ["cloudkms.cryptoKeyVersions.useToEncrypt"];
    private static readonly string[] Decrypt = ["cloudkms.cryptoKeyVersions.useToDecrypt"];
    private static readonly string[] ManageKeys =
    [
        "iam.serviceAccountKeys.create",
        "iam.serviceAccountKeys.delete",
        "iam.serviceAccountKeys.get",
        "iam.serviceAccountKeys.list",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.list",
    ];
    private static readonly string[] ManageRoles = ["iam.roles.create", "iam.roles.get", "iam.roles.list"];
    private static readonly string[] BindProject =
    [
        "resourcemanager.projects.get",
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ];
    private static readonly string[] ReadOrganizationPolicy = ["orgpolicy.policy.get"];

    private static readonly Dictionary<string, GcpRole> Predefined = new GcpRole[]
    {
        new("roles/cloudkms.admin", "Cloud KMS Admin", AdministerKms),
        new(
            "roles/cloudkms.viewer",
            "Cloud KMS Viewer",
            [.. AdministerKms.Where(p => Regex.IsMatch(p, @"\.(get|list)$"))]
        ),
        new(
            "roles/cloudkms.importer",
            "Cloud KMS Importer",
            [.. AdministerKms.Where(p => p.StartsWith("cloudkms.importJobs.", StringComparison.Ordinal))]
        ),
        new(
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            "Cloud KMS CryptoKey Encrypter/Decrypter",
            [.. Encrypt, .. Decrypt]
        ),
        new("roles/cloudkms.cryptoKeyEncrypter", "Cloud KMS CryptoKey Encrypter", Encrypt),
        new("roles/cloudkms.cryptoKeyDecrypter", "Cloud KMS CryptoKey Decrypter", Decrypt),
        new("roles/iam.serviceAccountAdmin", "Service Account Admin", AdministerAccounts),
        new(
            "roles/iam.serviceAccountCreator",
            "Create Service Accounts",
            ["iam.serviceAccounts.create", "iam.serviceAccounts.get", "iam.serviceAccounts.list"]
        ),
        new(
            "roles/iam.serviceAccountViewer",
            "View Service Accounts",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getIamPolicy",
                "iam.serviceAccounts.list",
                "iam.serviceAccountKeys.get",
                "iam.serviceAccountKeys.list",
            ]
        ),
        new(
            "roles/iam.serviceAccountTokenCreator",
            "Service Account Token Creator",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getAccessToken",
                "iam.serviceAccounts.getOpenIdToken",
                "iam.serviceAccounts.implicitDelegation",
                "iam.serviceAccounts.list",
                "iam.serviceAccounts.signBlob",
                "iam.serviceAccounts.signJwt",
            ]
        ),
        new(
            "roles/iam.serviceAccountUser",
            "Service Account User",
            ["iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"]
        ),
        new("roles/iam.serviceAccountKeyAdmin", "Service Account Key Admin", ManageKeys),
        new(
            "roles/iam.workloadIdentityUser",
            "Workload Identity User",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getAccessToken",
                "iam.serviceAccounts.getOpenIdToken",
                "iam.serviceAccounts.list",
            ]
        ),
        new("roles/iam.roleAdmin", "Role Administrator", ManageRoles),
        new(
            "roles/iam.securityAdmin",
            "Security Admin",
            [
                .. BindProject,
                "cloudkms.keyRings.getIamPolicy",
                "cloudkms.keyRings.setIamPolicy",
                "cloudkms.cryptoKeys.getIamPolicy",
                "cloudkms.cryptoKeys.setIamPolicy",
                "iam.serviceAccounts.getIamPolicy",
                "iam.serviceAccounts.setIamPolicy",
            ]
        ),
        new("roles/resourcemanager.projectIamAdmin", "Project IAM Admin", BindProject),
        new("roles/orgpolicy.policyViewer", "Organization Policy Viewer", ReadOrganizationPolicy),
        new(
            "roles/owner",
            "Owner",
            [
                .. AdministerKms,
                .. Encrypt,
                .. Decrypt,
                .. AdministerAccounts,
                .. ManageKeys,
                .. ManageRoles,
                .. BindProject,
                .. ReadOrganizationPolicy,
            ]
        ),
        new(
            "roles/editor",
            "Editor",
            [
                .. AdministerKms.Where(p =>
                    p.EndsWith(".get", StringComparison.Ordinal) || p.EndsWith(".list", StringComparison.Ordinal)
                ),
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.list",
                "resourcemanager.projects.get",
            ]
        ),
        new(
            "roles/viewer",
            "Viewer",
            [
                .. AdministerKms.Where(p => Regex.IsMatch(p, @"\.(get|list)$")),
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.list",
                "resourcemanager.projects.get",
            ]
        ),
    }.ToDictionary(r => r.Name);

    public bool Includes(string role, string permission) => Find(role)?.Permissions.Contains(permission) ?? false;

    public GcpRole? Find(string name) =>
        Predefined.TryGetValue(name, out var known) || data.CustomRoles.TryGetValue(name, out known) ? known : null;

    public IEnumerable<GcpRole> OfProject(string project) =>
        data
            .CustomRoles.Values.Where(r => r.Name.StartsWith(project + "/roles/", StringComparison.Ordinal))
            .OrderBy(r => r.Name, StringComparer.Ordinal);

    /// <summary>Why a role cannot be bound on a resource; null when it can. Predefined roles of other services are taken, and permit nothing here.</summary>
    public string? Unsupported(string role, string resource)
    {
        var onKms = resource.Contains("/keyRings/");
        var onAccount = resource.Contains("/serviceAccounts/");
        if (role.StartsWith("projects/", StringComparison.Ordinal))
            return data.CustomRoles.ContainsKey(role) ? null : $"The role named {role} was not found.";
        if (!Regex.IsMatch(role, @"^roles/[a-zA-Z0-9.]+$"))
            return $"Role ({role}) does not exist in the resource's hierarchy.";
        var ours = Regex.IsMatch(role, @"^roles/(cloudkms|iam)\.") || !role.Contains('.');
        var misplaced =
            (onKms && Regex.IsMatch(role, @"^roles/iam\.(serviceAccount|workloadIdentity)"))
            || (onAccount && role.StartsWith("roles/cloudkms.", StringComparison.Ordinal));
        return misplaced || (ours && !Predefined.ContainsKey(role))
            ? $"Role {role} is not supported for this resource."
            : null;
    }

    public JsonObject Create(GcpCall call)
    {
        GcpCall.AllowFields(call.Body, "", "roleId", "role");
        var id = GcpCall.Text(call.Body, "roleId") ?? "";
        if (!Regex.IsMatch(id, @"^[a-zA-Z0-9_.]{3,64}$"))
            throw GcpFault.Invalid($"The role_id '{id}' must match [a-zA-Z0-9_.]{{3,64}}.");
        var body = GcpCall.Message(call.Body, "role") ?? [];
        GcpCall.AllowFields(
            body,
            "role",
            "name",
            "title",
            "description",
            "includedPermissions",
            "stage",
            "etag",
            "deleted"
        );
        var permissions = GcpCall.Texts(body, "includedPermissions");
        if (permissions.FirstOrDefault(p => !Regex.IsMatch(p, @"^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$")) is { } wrong)
            throw GcpFault.Invalid($"Permission {wrong} is not valid.");
        var role = new GcpRole($"{call.Up(1)}/roles/{id}", GcpCall.Text(body, "title") ?? "", permissions)
        {
            Description = GcpCall.Text(body, "description"),
            Stage = GcpCall.Text(body, "stage") ?? "ALPHA",
            Etag = GcpPolicy.NewEtag(++data.LastRoleEtag),
        };
        if (data.CustomRoles.ContainsKey(role.Name))
            throw new GcpFault("ALREADY_EXISTS", $"A role named {id} in {call.Up(1)} already exists.");
        data.CustomRoles[role.Name] = role;
        return role.ToJson(full: true);
    }

    public static IEnumerable<GcpRole> Catalogue => Predefined.Values;
}
