using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Whose access a change concerns. With it, what a record says can be compared with the tenant before anything is
/// written.
/// </summary>
/// <param name="Id">UUID of the cluster.</param>
/// <param name="ApplicationId">The application id of its identity; null when only its id is known.</param>
/// <param name="Keys">The Key Identifiers of the keys that the change is about; empty when they are not known.</param>
internal sealed record ChangeOwner(string Id, string? ApplicationId, IReadOnlyList<string> Keys)
{
    public static ChangeOwner Of(CrdbCluster cluster, IEnumerable<string> keys) =>
        new(
            cluster.Id,
            Guid.TryParse(cluster.AzureClusterIdentityClientId, out var id) ? id.ToString("D") : null,
            [.. keys.Distinct(StringComparer.OrdinalIgnoreCase)]
        );
}

/// <summary>
/// A change of access that the module makes on Azure. There is one type for each kind, and nothing else is ever
/// written.
/// </summary>
/// <param name="Owner">The cluster.</param>
internal abstract record AzureChange(ChangeOwner Owner)
{
    /// <summary>The member of a document that names the cluster. Records of 0.2.0 do not have it.</summary>
    public const string OwnerMember = "cluster";

    /// <summary>The kind, as a record names it.</summary>
    public abstract string Kind { get; }

    /// <summary>The resource that is changed.</summary>
    public abstract string Target { get; }

    /// <summary>The change in words.</summary>
    public abstract string Action { get; }

    /// <summary>What undoes it, in words.</summary>
    public abstract string UndoAction { get; }

    /// <summary>What is removed, without the owner.</summary>
    public abstract JsonObject Content { get; }

    /// <summary>What is added and removed, as lines for people: the same content as is written.</summary>
    public abstract IReadOnlyList<string> Difference { get; }

    /// <summary>What is removed, as a record holds it.</summary>
    public string Document
    {
        get
        {
            var document = Content;
            document[OwnerMember] = JsonSerializer.SerializeToNode(Owner, AzureRest.Json);
            return document.ToJsonString(AzureRest.Json);
        }
    }

    /// <summary>The document of a change that several keys share: it names the keys of all.</summary>
    public static string Combine(IReadOnlyList<string> documents)
    {
        var first = (JsonObject)JsonNode.Parse(documents[0])!;
        var keys = documents
            .SelectMany(d => JsonNode.Parse(d)![OwnerMember]!["keys"]!.AsArray().Select(k => (string)k!))
            .Distinct(StringComparer.OrdinalIgnoreCase);
        first[OwnerMember]!["keys"] = new JsonArray([.. keys.Select(k => (JsonNode)k)]);
        return first.ToJsonString(AzureRest.Json);
    }

    public CmekAccessChange ToRecord(IReadOnlyList<CmekRegionSpec> uses) =>
        new()
        {
            Regions = [.. uses.Select(u => u.Region).Distinct()],
            KeyUri = uses.Select(u => u.KeyUri).Distinct().Count() == 1 ? uses[0].KeyUri : "",
            AuthPrincipal = uses[0].AuthPrincipal,
            Kind = Kind,
            Target = Target,
            Action = Action,
            UndoAction = UndoAction,
            Document = Document,
            Difference = Difference,
        };
}

/// <summary>A role assignment is deleted.</summary>
/// <param name="Assignment">The assignment, as it is made again.</param>
/// <param name="RoleName">The name of its role, or the role's id.</param>
internal sealed record RoleAssignmentChange(ChangeOwner Owner, RoleAssignment Assignment, string RoleName)
    : AzureChange(Owner)
{
    public const string Name = "RoleAssignment";

    public override string Kind => Name;

    public override string Target => Assignment.Id;

    public override string Action =>
        $"Remove the assignment of {RoleName} on {AzureScope.Of(Assignment)} to {Assignment.Properties.PrincipalId}";

    public override string UndoAction =>
        $"Assign {RoleName} on {AzureScope.Of(Assignment)} to {Assignment.Properties.PrincipalId} again";

    public override IReadOnlyList<string> Difference => [DifferenceLine.Removed("role assignment", Content)];

    public override JsonObject Content =>
        (JsonObject)
            JsonSerializer.SerializeToNode(
                Assignment with
                {
                    Properties = Assignment.Properties with { CreatedOn = null },
                },
                AzureRest.Json
            )!;
}

/// <summary>The key permissions of an entry are removed from the access policies of a Key Vault.</summary>
internal sealed record AccessPolicyChange(
    ChangeOwner Owner,
    string KeyVaultId,
    string TenantId,
    string ObjectId,
    IReadOnlyList<string> KeyPermissions
) : AzureChange(Owner)
{
    public const string Name = "AccessPolicy";

    public override string Kind => Name;

    public override string Target => KeyVaultId;

    public override string Action =>
        $"Remove {string.Join(", ", KeyPermissions)} of {ObjectId} from the access policies of "
        + KeyVaultId.Split('/').Last();

    public override string UndoAction =>
        $"Give {ObjectId} {string.Join(", ", KeyPermissions)} in the access policies of "
        + $"{KeyVaultId.Split('/').Last()} again";

    public override IReadOnlyList<string> Difference => [DifferenceLine.Removed("access policy", Content)];

    public override JsonObject Content =>
        new()
        {
            ["tenantId"] = TenantId,
            ["objectId"] = ObjectId,
            ["permissions"] = new JsonObject { ["keys"] = new JsonArray([.. KeyPermissions.Select(p => (JsonNode)p)]) },
        };

    public static AccessPolicyChange Of(ChangeOwner owner, string keyVaultId, JsonObject entry)
    {
        var policy = new AzurePolicyEntry(entry);
        return new(owner, keyVaultId, policy.TenantId, policy.ObjectId, [.. policy.KeyPermissions]);
    }
}

/// <summary>
/// A version of a key is disabled. Key Vault still wraps and verifies with a disabled version; what ends is unwrapping.
/// </summary>
internal sealed record KeyVersionStateChange(ChangeOwner Owner, AzureKeyId Version) : AzureChange(Owner)
{
    public const string Name = "KeyVersionState";

    public override string Kind => Name;

    public override string Target => Version.ToString();

    public override string Action => $"Disable {Version}, so that nobody can unwrap with it";

    public override string UndoAction => $"Enable {Version}";

    public override IReadOnlyList<string> Difference => DifferenceLine.Changed("version", "enabled", true, false);

    public override JsonObject Content => new() { ["attributes"] = new JsonObject { ["enabled"] = true } };
}

/// <summary>Signing in as the enterprise application is disabled.</summary>
internal sealed record ServicePrincipalStateChange(ChangeOwner Owner, string ApplicationId) : AzureChange(Owner)
{
    public const string Name = "ServicePrincipalState";

    public override string Kind => Name;

    public override string Target => ApplicationId;

    public override string Action =>
        $"Disable signing in as the enterprise application {ApplicationId} ({AzureNames.Application(Owner.Id)})";

    public override string UndoAction =>
        $"Allow signing in as the enterprise application {ApplicationId} ({AzureNames.Application(Owner.Id)})";

    public override IReadOnlyList<string> Difference =>
        DifferenceLine.Changed("enterprise application", "accountEnabled", true, false);

    public override JsonObject Content => new() { ["accountEnabled"] = true };
}

/// <summary>The enterprise application was removed by somebody else. The module never does that.</summary>
internal sealed record ServicePrincipalChange(ChangeOwner Owner, string ApplicationId) : AzureChange(Owner)
{
    public const string Name = "ServicePrincipal";

    public override string Kind => Name;

    public override string Target => ApplicationId;

    public override string Action =>
        $"Remove the enterprise application {ApplicationId} ({AzureNames.Application(Owner.Id)}) from the tenant";

    public override string UndoAction =>
        $"Add the enterprise application {ApplicationId} ({AzureNames.Application(Owner.Id)}) to the tenant again";

    public override IReadOnlyList<string> Difference => [DifferenceLine.Removed("enterprise application", Content)];

    public override JsonObject Content =>
        new() { ["appId"] = ApplicationId, ["displayName"] = AzureNames.Application(Owner.Id) };
}

/// <summary>The key was deleted by somebody else, and can be recovered. The module never deletes a key.</summary>
internal sealed record DeletedKeyChange(ChangeOwner Owner, AzureKeyId Key) : AzureChange(Owner)
{
    public const string Name = "DeletedKey";

    public override string Kind => Name;

    public override string Target => Key.ToString();

    public override string Action => $"Delete the key {Key}";

    public override string UndoAction => $"Recover the deleted key {Key}";

    public override IReadOnlyList<string> Difference => DifferenceLine.Changed("key", "deleted", false, true);

    public override JsonObject Content => new() { ["deleted"] = false };
}
