using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations that create keys and change their policy, tags and state.</summary>
internal sealed class KmsKeyLifecycle(
    string accountId,
    AwsData data,
    KmsKeys keys,
    KmsPolicies policies,
    KmsAuthorization authorization,
    IamPrincipals principals
)
{
    private static readonly TimeSpan UpdateDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReplicaDelay = TimeSpan.FromSeconds(60);

    /// <summary>Adds a key that a role has used for a year; returns its ARN.</summary>
    public string Seed(string region, string roleArn)
    {
        var created = keys.Now.AddDays(-400);
        var id = Guid.NewGuid().ToString("D");
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, created), created)
        {
            Policy = PolicyDocument.ParseKeyPolicy(policies.Write("crdb-cmek-kms", UseStatement(roleArn))),
            PolicyPrincipals = new Dictionary<string, string> { [roleArn] = principals.CurrentId(roleArn)! },
        };
        key.Material.Rotate(created.AddDays(200), "ON_DEMAND");
        keys.Add(key);
        return key.Arn;
    }

    public JsonObject Create(Caller caller, string region, JsonObject body)
    {
        authorization.RequireInAccount(caller, "CreateKey", region, body);
        var multiRegion = (bool?)body["MultiRegion"] ?? false;
        var (policy, ids) = policies.Check(caller, (string?)body["Policy"], Bypasses(body));
        var id = NewId(multiRegion);
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, keys.Now), keys.Now)
        {
            Policy = policy,
            PolicyPrincipals = ids,
            MultiRegion = multiRegion,
            Origin = Origin(body),
            HasMaterial = Origin(body) != "EXTERNAL",
            Store = Store(body),
            XksKeyId = Origin(body) == "EXTERNAL_KEY_STORE" ? KmsRequest.Text(body, "XksKeyId") : null,
            KeySpec = (string?)body["KeySpec"] ?? "SYMMETRIC_DEFAULT",
            KeyUsage = (string?)body["KeyUsage"] ?? "ENCRYPT_DECRYPT",
            Description = (string?)body["Description"] ?? "",
        };
        AddTags(key, body);
        keys.Add(key);
        return new JsonObject { ["KeyMetadata"] = keys.Metadata(key) };
    }

    /// <summary>
    /// Creates an enabled key of origin EXTERNAL with the account's default policy, for the sandbox's Vault. The
    /// wrapping of the material (GetParametersForImport, ImportKeyMaterial) is left out; its permissions are
    /// required.
    /// </summary>
    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public KmsKey Import(Caller caller, string region, byte[] material, string description, bool multiRegion)
    {
        authorization.RequireInAccount(caller, "CreateKey", region);
        var (policy, ids) = policies.Check(caller, null, bypass: false);
        var id = NewId(multiRegion);
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, keys.Now, material), keys.Now)
        {
            Policy = policy,
            PolicyPrincipals = ids,
            MultiRegion = multiRegion,
            Origin = "EXTERNAL",
            Description = description,
        };
        authorization.Require(caller, "GetParametersForImport", key);
        authorization.Require(caller, "ImportKeyMaterial", key);
        keys.Add(key);
        return key;
    }

    public JsonObject Replicate(Caller caller, KmsKey primary, JsonObject body)
    {
        keys.RequireState(primary, "Enabled");
        var region = KmsRequest.Text(body, "ReplicaRegion");
        if (!primary.MultiRegion || !primary.IsPrimary)
            throw new AwsException(
                "UnsupportedOperationException",
                $"{primary.Arn} is not a multi-region primary key."
            );
        if (!AwsRegions.IsOpen(region, data))
            throw KmsRequest.InvalidValue("replicaRegion");
        if (keys.Find(region, primary.Id) is not null)
            throw new AwsException("AlreadyExistsException", $"A key with id {primary.Id} already exists in {region}.");
        authorization.RequireInAccount(caller, "CreateKey", region);
        var (policy, ids) = policies.Check(caller, (string?)body["Policy"], Bypasses(body));
        var replica = new KmsKey(region, accountId, primary.Id, primary.Material, keys.Now)
        {
            Policy = policy,
            PolicyPrincipals = ids,
            MultiRegion = true,
            PrimaryRegion = primary.Region,
            Origin = primary.Origin,
            Store = primary.Store,
            CreatingUntil = keys.Now + ReplicaDelay,
            Description = (string?)body["Description"] ?? "",
        };
        AddTags(replica, body);
        keys.Add(replica);
        return new JsonObject
        {
            ["ReplicaKeyMetadata"] = keys.Metadata(replica),
            ["ReplicaPolicy"] = policy.Text,
            ["ReplicaTags"] = new JsonArray([.. Tags(replica)]),
        };
    }

    public JsonObject PutPolicy(Caller caller, KmsKey key, JsonObject body)
    {
        (key.Policy, key.PolicyPrincipals) = policies.Check(caller, KmsRequest.Text(body, "Policy"), Bypasses(body));
        return [];
    }

    public JsonObject Tag(KmsKey key, JsonObject body)
    {
        RequireKept(key);
        AddTags(key, body);
        return [];
    }

    public JsonObject Untag(KmsKey key, JsonObject body)
    {
        RequireKept(key);
        foreach (var name in (body["TagKeys"] as JsonArray ?? []).Select(n => (string)n!))
            key.Tags.Remove(name);
        return [];
    }

    public static JsonObject ListTags(KmsKey key, JsonObject body) => KmsRequest.Page(body, "Tags", Tags(key));

    public JsonObject SetDescription(KmsKey key, JsonObject body)
    {
        RequireKept(key);
        key.Description = (string?)body["Description"] ?? "";
        return [];
    }

    public JsonObject SetEnabled(KmsKey key, bool enabled)
    {
        keys.RequireState(key, "Enabled", "Disabled");
        key.Enabled = enabled;
        return [];
    }

    public JsonObject ScheduleDeletion(KmsKey key, JsonObject body)
    {
        keys.RequireState(key, "Enabled", "Disabled", "PendingImport", "Creating");
        var days = (int?)body["PendingWindowInDays"] ?? 30;
        if (days is < 7 or > 30)
            throw KmsRequest.InvalidValue("pendingWindowInDays");
        (key.DeletionDate, key.DeletionWindow) = (keys.Now.AddDays(days), days);
        var response = new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["KeyState"] = keys.State(key),
            ["PendingWindowInDays"] = days,
        };
        if (keys.DeletionDateOf(key) is { } date)
            response["DeletionDate"] = KmsRequest.Epoch(date);
        return response;
    }

    public static JsonObject CancelDeletion(KmsKey key)
    {
        if (key.DeletionDate is null)
            throw new AwsException("KMSInvalidStateException", $"{key.Arn} is not pending deletion.");
        key.DeletionDate = null;
        key.Enabled = false;
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    /// <summary>Another region becomes the primary's; for seconds, both keys are being updated.</summary>
    public JsonObject UpdatePrimaryRegion(KmsKey key, JsonObject body)
    {
        keys.RequireState(key, "Enabled");
        var region = KmsRequest.Text(body, "PrimaryRegion");
        if (!key.MultiRegion || !key.IsPrimary)
            throw new AwsException("UnsupportedOperationException", $"{key.Arn} is not a multi-region primary key.");
        var next = keys.Find(region, key.Id)
            ?? throw KmsRequest.NotFound($"Key '{key.Arn.Replace($":{key.Region}:", $":{region}:")}' does not exist");
        key.UpdatingUntil = next.UpdatingUntil = keys.Now + UpdateDelay;
        foreach (var related in keys.ReplicasOf(key).Append(key).ToList())
            related.PrimaryRegion = region;
        return [];
    }

    private static JsonObject UseStatement(string roleArn) =>
        new()
        {
            ["Sid"] = "Allow use of the key for CMEK",
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = roleArn },
            ["Action"] = new JsonArray(
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:GenerateDataKey*",
                "kms:DescribeKey",
                "kms:ReEncrypt*"
            ),
            ["Resource"] = "*",
        };

    private static bool Bypasses(JsonObject body) => (bool?)body["BypassPolicyLockoutSafetyCheck"] ?? false;

    private static string NewId(bool multiRegion) =>
        multiRegion ? "mrk-" + Guid.NewGuid().ToString("N") : Guid.NewGuid().ToString("D");

    private static IEnumerable<JsonObject> Tags(KmsKey key) =>
        key.Tags.Select(t => new JsonObject { ["TagKey"] = t.Key, ["TagValue"] = t.Value });

    private static string Origin(JsonObject body) =>
        (string?)body["Origin"] switch
        {
            null or "AWS_KMS" => "AWS_KMS",
            ("EXTERNAL" or "AWS_CLOUDHSM" or "EXTERNAL_KEY_STORE") and var origin => origin,
            _ => throw KmsRequest.InvalidValue("origin"),
        };

    /// <summary>The key store of a new key; null for a key that KMS keeps itself.</summary>
    private KmsKeyStore? Store(JsonObject body)
    {
        var origin = Origin(body);
        if (origin is "AWS_KMS" or "EXTERNAL")
            return null;
        if (
            !data.KeyStores.TryGetValue(KmsRequest.Text(body, "CustomKeyStoreId"), out var store)
            || store.Origin != origin
        )
            throw new AwsException("CustomKeyStoreNotFoundException", "The custom key store does not exist.");
        return store.IsConnected
            ? store
            : throw new AwsException("CustomKeyStoreInvalidStateException", "The custom key store is not connected.");
    }

    /// <summary>Most changes of a key are allowed in every state but one.</summary>
    private void RequireKept(KmsKey key)
    {
        if (key.DeletionDate is not null)
            keys.RequireState(key, "Enabled");
    }

    private static void AddTags(KmsKey key, JsonObject body) => AwsTags.Add(key.Tags, body["Tags"] as JsonArray);
}
