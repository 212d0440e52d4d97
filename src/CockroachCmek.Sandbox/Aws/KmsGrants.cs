using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations on grants.</summary>
internal sealed class KmsGrants(
    string accountId,
    AwsData data,
    KmsKeys keys,
    KmsAuthorization authorization,
    IamPrincipals principals
)
{
    private static readonly string[] KnownOperations =
    [
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "Sign",
        "Verify",
        "GetPublicKey",
        "CreateGrant",
        "RetireGrant",
        "DescribeKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateMac",
        "VerifyMac",
        "DeriveSharedSecret",
    ];

    public JsonObject Create(KmsKey key, JsonObject body)
    {
        keys.RequireState(key, "Enabled");
        var operations = (body["Operations"] as JsonArray ?? []).Select(o => (string)o!).ToList();
        if (operations.Count == 0 || operations.Except(KnownOperations).Any())
            throw KmsRequest.InvalidValue("operations");
        var constraints = body["Constraints"] as JsonObject;
        if (constraints?.Count > 1)
            throw new AwsException("ValidationException", "More than one constraint supplied");
        var grantee = KmsRequest.Text(body, "GranteePrincipal");
        var retiring = (string?)body["RetiringPrincipal"];
        var grant = new KmsGrant(
            key,
            RandomHex(32),
            "sandbox-grant-" + RandomHex(20),
            (string?)body["Name"],
            grantee,
            Identify(grantee),
            retiring,
            retiring is null ? null : Identify(retiring),
            operations,
            Pairs(constraints?["EncryptionContextSubset"]),
            Pairs(constraints?["EncryptionContextEquals"]),
            keys.Now
        );
        var same = grant.Name is null ? null : InForce.FirstOrDefault(g => IsSame(g, grant));
        if (same is null)
            data.Grants.Add(grant);
        return new JsonObject { ["GrantId"] = (same ?? grant).Id, ["GrantToken"] = (same ?? grant).Token };
    }

    public JsonObject List(KmsKey key, JsonObject body) =>
        KmsRequest.Page(
            body,
            "Grants",
            InForce
                .Where(g =>
                    g.Key == key
                    && ((string?)body["GrantId"] is not { } id || g.Id == id)
                    && ((string?)body["GranteePrincipal"] is not { } grantee || g.Grantee == grantee)
                )
                .Select(Entry)
        );

    /// <summary>Lists the grants that a principal may retire. Everybody may ask for their own.</summary>
    public JsonObject ListRetirable(Caller caller, string region, JsonObject body)
    {
        var retiring = KmsRequest.Text(body, "RetiringPrincipal");
        if (retiring != caller.PrincipalArn)
            authorization.RequireInAccount(caller, "ListRetirableGrants", region);
        return KmsRequest.Page(
            body,
            "Grants",
            InForce.Where(g => g.Key.Region == region && g.Retiring == retiring).Select(Entry)
        );
    }

    public JsonObject Revoke(KmsKey key, JsonObject body)
    {
        var id = KmsRequest.Text(body, "GrantId");
        return End(InForce.FirstOrDefault(g => g.Key == key && g.Id == id))
            ?? throw KmsRequest.NotFound($"Grant ID {id} not found");
    }

    public JsonObject Retire(Caller caller, string region, JsonObject body)
    {
        var grant = (string?)body["GrantToken"] is { } token
            ? InForce.FirstOrDefault(g => g.Token == token)
            : InForce.FirstOrDefault(g =>
                g.Key == keys.Get(region, KmsRequest.Text(body, "KeyId")) && g.Id == KmsRequest.Text(body, "GrantId")
            );
        if (grant is null)
            throw KmsRequest.NotFound("The grant was not found");
        if (!grant.IsRetiredBy(caller))
            authorization.Require(caller, "RetireGrant", grant.Key, body);
        return End(grant)!;
    }

    private IEnumerable<KmsGrant> InForce => data.Grants.Where(g => g.Ended is null);

    /// <summary>A grant that was ended counts a little longer. Null for none.</summary>
    private JsonObject? End(KmsGrant? grant)
    {
        if (grant is null)
            return null;
        data.Grants[data.Grants.IndexOf(grant)] = grant with { Ended = keys.Now };
        return [];
    }

    private string? Identify(string principal)
    {
        if (!principal.StartsWith("arn:", StringComparison.Ordinal))
            throw new AwsException("InvalidArnException", $"{principal} is not a valid ARN");
        if (!principal.Contains($"::{accountId}:") || principal.EndsWith(":root", StringComparison.Ordinal))
            return null;
        return principals.PropagatedId(principal)
            ?? throw new AwsException("InvalidArnException", $"ARN does not refer to a valid principal: {principal}");
    }

    private JsonObject Entry(KmsGrant grant)
    {
        string Shown(string arn, string? id) => id is not null && principals.CurrentId(arn) != id ? id : arn;
        var entry = new JsonObject
        {
            ["KeyId"] = grant.Key.Arn,
            ["GrantId"] = grant.Id,
            ["Name"] = grant.Name ?? "",
            ["CreationDate"] = KmsRequest.Epoch(grant.Created),
            ["GranteePrincipal"] = Shown(grant.Grantee, grant.GranteeId),
            ["IssuingAccount"] = $"arn:aws:iam::{accountId}:root",
            ["Operations"] = new JsonArray([.. grant.Operations.Select(o => (JsonNode)o)]),
        };
        if (grant.Retiring is not null)
            entry["RetiringPrincipal"] = Shown(grant.Retiring, grant.RetiringId);
        var constraints = new JsonObject();
        if (grant.ContextSubset is not null)
            constraints["EncryptionContextSubset"] = Json(grant.ContextSubset);
        if (grant.ContextEquals is not null)
            constraints["EncryptionContextEquals"] = Json(grant.ContextEquals);
        if (constraints.Count > 0)
            entry["Constraints"] = constraints;
        return entry;
    }

    private static bool IsSame(KmsGrant one, KmsGrant other) =>
        one.Key == other.Key
        && one.Name == other.Name
        && one.Grantee == other.Grantee
        && one.Retiring == other.Retiring
        && one.Operations.SequenceEqual(other.Operations);

    private static Dictionary<string, string>? Pairs(JsonNode? node) =>
        (node as JsonObject)?.ToDictionary(p => p.Key, p => (string)p.Value!);

    private static JsonObject Json(IReadOnlyDictionary<string, string> pairs)
    {
        var json = new JsonObject();
        foreach (var pair in pairs)
            json[pair.Key] = pair.Value;
        return json;
    }

    private static string RandomHex(int bytes) =>
        string.Concat(KmsMaterial.RandomBytes(bytes).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
