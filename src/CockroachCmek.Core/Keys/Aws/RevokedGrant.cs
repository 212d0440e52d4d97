using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A KMS grant to the role, with everything that an equal one is created from. Its id and its token are KMS's own, and
/// new each time.
/// </summary>
/// <param name="Grantee">The role, or one of its sessions.</param>
/// <param name="Retiring">Who else may retire the grant; null for nobody.</param>
/// <param name="Constraint">The kind of its constraint, as KMS names it; null for none.</param>
/// <param name="Context">The encryption context of the constraint.</param>
internal sealed record RevokedGrant(
    string Id,
    string? Name,
    string Grantee,
    string? Retiring,
    IReadOnlyList<string> Operations,
    string? Constraint,
    IReadOnlyDictionary<string, string> Context
)
{
    private const string IdField = "GrantId";
    private const string NameField = "Name";
    private const string GranteeField = "GranteePrincipal";
    private const string RetiringField = "RetiringPrincipal";
    private const string OperationsField = "Operations";
    private const string ConstraintsField = "Constraints";
    private const string Subset = "EncryptionContextSubset";
    private const string Exact = "EncryptionContextEquals";

    /// <summary>What a grant may allow beside the use: neither lets anybody do more with the key.</summary>
    private static readonly string[] Harmless = ["DescribeKey", "RetireGrant"];

    private static readonly Dictionary<string, string> NoContext = [];

    /// <summary>A grant as KMS lists it. KMS lists an absent name as null or as an empty text.</summary>
    public static RevokedGrant Of(GrantListEntry entry)
    {
        var (constraint, context) = entry.Constraints switch
        {
            { EncryptionContextSubset: { Count: > 0 } subset } => (Subset, subset),
            { EncryptionContextEquals: { Count: > 0 } exact } => (Exact, exact),
            _ => (null, NoContext),
        };
        return new RevokedGrant(
            entry.GrantId,
            entry.Name is { Length: > 0 } name ? name : null,
            entry.GranteePrincipal,
            entry.RetiringPrincipal is { Length: > 0 } retiring ? retiring : null,
            entry.Operations ?? [],
            constraint,
            context
        );
    }

    /// <summary>Reads a grant of a record. Fields that a grant does not have are left out.</summary>
    public static RevokedGrant Parse(JsonObject json)
    {
        var constraint = (json[ConstraintsField] as JsonObject)?.FirstOrDefault();
        return new RevokedGrant(
            Text(json[IdField]) ?? "",
            Text(json[NameField]),
            Text(json[GranteeField]) ?? "",
            Text(json[RetiringField]),
            [.. (json[OperationsField] as JsonArray ?? []).Select(o => Text(o) ?? "")],
            constraint?.Key,
            constraint?.Value is JsonObject context
                ? context.ToDictionary(p => p.Key, p => Text(p.Value) ?? "")
                : NoContext
        );
    }

    /// <summary>True when a grantee is the role itself, or one of its sessions.</summary>
    public static bool IsTo(RoleArn role, string? grantee) =>
        grantee == role.Text
        || (
            grantee is not null
            && PolicyPrincipal.Parse("AWS", grantee) is { Kind: PrincipalKind.Session } session
            && (session.AccountId, session.Name) == (role.AccountId, role.Name)
        );

    /// <summary>
    /// True when its retiring principal was deleted: KMS shows the unique id, and takes it for no new grant.
    /// </summary>
    public bool IsRetiringGone => PolicyPrincipal.Parse("AWS", Retiring ?? "").Kind == PrincipalKind.UniqueId;

    /// <summary>True when two grants are equal, whatever their ids.</summary>
    public bool IsEqualTo(RevokedGrant other) =>
        JsonNode.DeepEquals(Comparable().ToJson(), (other with { Id = Id }).Comparable().ToJson());

    /// <summary>
    /// Why this is not a grant that is created again, as the end of a sentence; null when it is. Whoever can write a
    /// record must gain nothing with it.
    /// </summary>
    public string? Problem(AwsKeyArn key, RoleArn role)
    {
        if (!Regex.IsMatch(Id, @"^[0-9A-Za-z]{1,128}\z"))
            return "its grant has no id";
        if (Name is not null && !Regex.IsMatch(Name, @"^[a-zA-Z0-9:/_-]{1,256}\z"))
            return "the name of its grant is not one";
        if (!IsTo(role, Grantee) || !IsPrincipal(Grantee))
            return $"its grant is not to {role}";
        if (
            Retiring is not null
            && (
                !IsPrincipal(Retiring)
                || PolicyPrincipal.Parse("AWS", Retiring)
                    is not { Kind: PrincipalKind.Account or PrincipalKind.Identity or PrincipalKind.Session } retiring
                || (retiring.AccountId != key.AccountId && retiring.AccountId != role.AccountId)
            )
        )
            return $"'{Retiring}', who may retire its grant, is not a principal of the account of the key or the role";
        if (Operations.Count == 0 || Operations.Distinct().Count() != Operations.Count)
            return "its grant has no operations, or has one twice";
        if (Operations.FirstOrDefault(o => !IsOfUse(o)) is { } wider)
            return $"its grant allows {wider}, which is more than the use of the key";
        return Constraint is null or Subset or Exact ? null : "the constraint of its grant is not one";
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { [IdField] = Id };
        if (Name is not null)
            json[NameField] = Name;
        json[GranteeField] = Grantee;
        if (Retiring is not null)
            json[RetiringField] = Retiring;
        json[OperationsField] = new JsonArray([.. Operations.Select(o => (JsonNode)o)]);
        if (Constraint is null)
            return json;
        var context = new JsonObject();
        foreach (var pair in Context)
            context[pair.Key] = pair.Value;
        json[ConstraintsField] = new JsonObject { [Constraint] = context };
        return json;
    }

    /// <summary>The request that creates an equal grant.</summary>
    public CreateGrantRequest ToRequest(AwsKeyArn key) =>
        new()
        {
            KeyId = key.ToString(),
            Name = Name,
            GranteePrincipal = Grantee,
            RetiringPrincipal = Retiring,
            Operations = [.. Operations],
            Constraints = Constraint switch
            {
                Subset => new GrantConstraints { EncryptionContextSubset = ContextCopy() },
                Exact => new GrantConstraints { EncryptionContextEquals = ContextCopy() },
                _ => null,
            },
        };

    /// <summary>KMS promises no order of the operations.</summary>
    private RevokedGrant Comparable() =>
        this with
        {
            Operations = [.. Operations.OrderBy(o => o, StringComparer.Ordinal)],
        };

    private Dictionary<string, string> ContextCopy() => Context.ToDictionary(p => p.Key, p => p.Value);

    private static bool IsPrincipal(string text) => Regex.IsMatch(text, @"^[\x21-\x7e]{1,256}\z");

    private static bool IsOfUse(string operation) =>
        Harmless.Contains(operation) || KmsActions.RightsOf(["kms:" + operation]) == CmekAccessRights.Use;

    private static string? Text(JsonNode? node) => node is JsonValue value ? value.ToString() : null;
}
