using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Reads a change of a record into its type. A document must be exactly what the module writes for the kind: a member
/// too many is refused like a wrong one.
/// </summary>
internal static class AzureChangeReader
{
    private const string Guids = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    private const string Name = @"[\w().-]+";
    private const string ResourceGroup = $"/subscriptions/{Guids}/resourceGroups/{Name}";

    /// <summary>What a role can be assigned on and still apply to a key. Nothing of another kind of resource.</summary>
    private static readonly Regex Scope = Whole(
        $"(/|/providers/Microsoft.Management/managementGroups/{Name}|/subscriptions/{Guids}|{ResourceGroup}"
            + $"|{ResourceGroup}/providers/Microsoft.KeyVault/vaults/(?<vault>[0-9a-zA-Z-]+)(/keys/(?<key>[0-9a-zA-Z-]+))?)"
    );

    private static readonly Regex KeyVault = Whole(
        $"{ResourceGroup}/providers/Microsoft.KeyVault/vaults/(?<vault>[0-9a-zA-Z-]+)"
    );

    private static readonly Regex Definition = Whole(
        $"(/subscriptions/{Guids}|/providers/Microsoft.Management/managementGroups/{Name})?"
            + $"/providers/Microsoft.Authorization/roleDefinitions/{Guids}"
    );

    private static readonly Regex Assignment = Whole(
        $"(.*)/providers/Microsoft.Authorization/roleAssignments/(?<name>{Guids})"
    );

    /// <summary>The permissions on keys that an access policy can hold (key-vault, vaults.json).</summary>
    private static readonly string[] KeyPermissions =
    [
        "all",
        "backup",
        "create",
        "decrypt",
        "delete",
        "encrypt",
        "get",
        "getrotationpolicy",
        "import",
        "list",
        "purge",
        "recover",
        "release",
        "restore",
        "rotate",
        "setrotationpolicy",
        "sign",
        "unwrapKey",
        "update",
        "verify",
        "wrapKey",
    ];

    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static AzureChange Read(CmekAccessChange change)
    {
        try
        {
            var content =
                JsonNode.Parse(change.Document) as JsonObject ?? throw Invalid(change, "its document is not an object");
            var owner = ReadOwner(change, content);
            var read = ReadContent(change, content, owner);
            // A document that is written again must be the same: that finds every member that was not read.
            return JsonNode.DeepEquals(Normal(read, content), content)
                ? read
                : throw Invalid(change, "its document has another content than this module writes");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Errors.RecordedChangeInvalid(
                change.Target,
                "what was changed does not have the form of its kind",
                error
            );
        }
    }

    /// <summary>The key of a Key Identifier, in whichever of Microsoft's clouds.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static AzureKeyId ReadKey(string text, CmekAccessChange change)
    {
        foreach (var cloud in AzureCloud.All)
            if (text.Contains($".{cloud.KeyVaultSuffix}/"))
                try
                {
                    return AzureKeyId.Parse(text, cloud);
                }
                catch (CmekException error)
                {
                    throw Errors.RecordedChangeInvalid(change.Target, $"'{text}' is not a key", error);
                }

        throw Invalid(change, $"'{text}' is not a key in Key Vault");
    }

    /// <summary>
    /// The Key Vault, and the key, that a scope or the id of a Key Vault names; null for what is above them.
    /// </summary>
    public static (string? KeyVault, string? Key) NamesIn(string scope)
    {
        var match = Scope.Match(scope);
        return (ValueOf(match.Groups["vault"]), ValueOf(match.Groups["key"]));

        static string? ValueOf(Group group) => group.Success ? group.Value : null;
    }

    public static CmekException Invalid(CmekAccessChange change, string reason) =>
        Errors.RecordedChangeInvalid(change.Target, $"the change '{change.Kind}' cannot be trusted: {reason}");

    private static AzureChange ReadContent(CmekAccessChange change, JsonObject content, ChangeOwner owner) =>
        change.Kind switch
        {
            RoleAssignmentChange.Name => ReadRole(change, content, owner),
            AccessPolicyChange.Name => ReadPolicy(change, content, owner),
            KeyVersionStateChange.Name when ReadKey(change.Target, change) is { Version: not null } id =>
                new KeyVersionStateChange(owner, id),
            DeletedKeyChange.Name when ReadKey(change.Target, change) is { Version: null } id => new DeletedKeyChange(
                owner,
                id
            ),
            ServicePrincipalChange.Name when IsGuid(change.Target) => new ServicePrincipalChange(owner, change.Target),
            ServicePrincipalStateChange.Name when IsGuid(change.Target) => new ServicePrincipalStateChange(
                owner,
                change.Target
            ),
            _ => throw Invalid(change, $"Azure has no such change of '{change.Target}'"),
        };

    private static RoleAssignmentChange ReadRole(CmekAccessChange change, JsonObject content, ChangeOwner owner)
    {
        var assignment = content.Deserialize<RoleAssignment>(AzureRest.Json)!;
        if (assignment.Properties is not { RoleDefinitionId: not null } properties)
            throw Invalid(change, "its document does not describe an assignment");
        var match = Assignment.Match(change.Target);
        if (
            !match.Success
            || !AzureScope.Same(assignment.Id, change.Target)
            || !AzureScope.Same(assignment.Name, match.Groups["name"].Value)
        )
            throw Invalid(change, "its target is not the assignment that its document describes");
        var scope = AzureScope.Of(assignment.Id);
        if (!Scope.IsMatch(scope) || (properties.Scope is { } stated && !AzureScope.Same(stated, scope)))
            throw Invalid(change, "the role is assigned on something that is neither a Key Vault nor above one");
        if (!Definition.IsMatch(properties.RoleDefinitionId) || KeyVaultRoles.IsPrivileged(properties.RoleDefinitionId))
            throw Invalid(change, $"{properties.RoleDefinitionId} is not a role for keys");
        if (
            !IsGuid(properties.PrincipalId)
            || properties.PrincipalType is not (null or "ServicePrincipal")
            || properties.DelegatedManagedIdentityResourceId is not null
        )
            throw Invalid(change, $"'{properties.PrincipalId}' is not an enterprise application");
        if (properties.Condition is null != properties.ConditionVersion is null)
            throw Invalid(change, "its condition is incomplete");
        var role = KeyVaultRoles.Find(properties.RoleDefinitionId)?.Properties.RoleName;
        return new RoleAssignmentChange(
            owner,
            assignment,
            role ?? $"the role {properties.RoleDefinitionId.Split('/').Last()}"
        );
    }

    private static AccessPolicyChange ReadPolicy(CmekAccessChange change, JsonObject content, ChangeOwner owner)
    {
        var read = AccessPolicyChange.Of(owner, change.Target, content);
        if (!KeyVault.IsMatch(change.Target))
            throw Invalid(change, "its target is not a Key Vault");
        if (!IsGuid(read.ObjectId) || !IsGuid(read.TenantId))
            throw Invalid(change, "its document does not name an enterprise application and its tenant");
        return
            read.KeyPermissions.Count > 0
            && read.KeyPermissions.All(p => KeyPermissions.Contains(p, StringComparer.OrdinalIgnoreCase))
            ? read
            : throw Invalid(change, "its document does not hold permissions on keys");
    }

    private static ChangeOwner ReadOwner(CmekAccessChange change, JsonObject content)
    {
        if (content[AzureChange.OwnerMember] is not { } node)
            return new ChangeOwner("", null, []); // a record of 0.2.0
        var owner = node.Deserialize<ChangeOwner>(AzureRest.Json);
        return
            owner is { Id: not null, Keys: not null }
            && (owner.ApplicationId is null || IsGuid(owner.ApplicationId))
            && owner.Keys.All(k => k is not null && ReadKey(k, change).Name.Length > 0)
            ? owner
            : throw Invalid(change, "its document does not say which cluster it is about");
    }

    /// <summary>
    /// What the module writes for a change, as far as the version that wrote the document did: 0.2.0 named no cluster,
    /// and repeated the empty lists of an access policy and the name that a display shows.
    /// </summary>
    private static JsonObject Normal(AzureChange read, JsonObject content)
    {
        var written = (JsonObject)JsonNode.Parse(read.Document)!;
        if (!content.ContainsKey(AzureChange.OwnerMember))
            written.Remove(AzureChange.OwnerMember);
        if (read is AccessPolicyChange && written["permissions"] is JsonObject permissions)
            foreach (var other in content["permissions"]!.AsObject().Where(p => p.Value is JsonArray { Count: 0 }))
                permissions[other.Key] ??= new JsonArray();
        if (read is ServicePrincipalChange && read.Owner.Id.Length == 0)
            written["displayName"] = (string?)content["displayName"];
        return written;
    }

    private static bool IsGuid(string? text) => Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty;

    private static Regex Whole(string pattern) =>
        new($@"\A{pattern}\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
}
