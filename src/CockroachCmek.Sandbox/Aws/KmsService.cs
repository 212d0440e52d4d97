using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS of the customer's account in every region: what it answers to each operation, after asking the policies.</summary>
internal sealed partial class KmsService(SandboxClock clock, string accountId, AwsData data, IamService iam)
{
    private const string InvalidPrincipals = "Policy contains a statement with one or more invalid principals.";
    private static readonly TimeSpan ReplicaDelay = TimeSpan.FromSeconds(5);

    public string SeedKey(string region, string roleArn)
    {
        var made = clock.UtcNow.AddDays(-400);
        var id = Guid.NewGuid().ToString("D");
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, made), made)
        {
            Policy = PolicyDocument.Parse(
                $$"""{"Version":"2012-10-17","Id":"crdb-cmek-kms","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{accountId}}:root"},"Action":"kms:*","Resource":"*"},{"Sid":"Allow use of the key for CMEK","Effect":"Allow","Principal":{"AWS":"{{roleArn}}"},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey","kms:ReEncrypt*"],"Resource":"*"}]}""",
                true,
                "MalformedPolicyDocumentException"
            ),
            PolicyPrincipals = new Dictionary<string, string> { [roleArn] = iam.Current(roleArn)! },
        };
        key.Material.Rotate(made.AddDays(200), "ON_DEMAND");
        data.Keys.Add(key);
        return key.Arn;
    }

    /// <summary>The key of an ARN, wherever it is; null when there is none.</summary>
    public KmsKey? Find(string arn) => data.Keys.FirstOrDefault(k => k.Arn == arn && !IsGone(k));

    public string State(KmsKey key) => key.State(clock.UtcNow);

    /// <summary>What key policy and identity policies together say.</summary>
    public Verdict Judge(Caller caller, string action, KmsKey key)
    {
        var context = new Dictionary<string, string>();
        var byKey = key.Policy.Evaluate(caller, action, key.Arn, context, principal =>
            key.PolicyPrincipals.TryGetValue(principal, out var id) ? id : null
        );
        var own = caller.IdentityPolicies.Select(p => p.Evaluate(caller, action, key.Arn, context, _ => null)).ToList();
        if (byKey == Verdict.Deny || own.Contains(Verdict.Deny))
            return Verdict.Deny;
        // In the key's own account a direct grant is enough; the account as a whole, or another account, needs the caller's own policies too.
        var direct = byKey == Verdict.Allow && caller.AccountId == accountId;
        return direct || (byKey != Verdict.None && own.Contains(Verdict.Allow)) ? Verdict.Allow : Verdict.None;
    }

    public JsonNode Answer(Caller caller, string region, string operation, JsonObject body)
    {
        switch (operation)
        {
            case "CreateKey":
                return Create(caller, region, body);
            case "ListKeys":
                return List(
                    caller,
                    region,
                    operation,
                    body,
                    "Keys",
                    data.Keys.Where(k => k.Region == region && !IsGone(k))
                        .Select(k => new JsonObject { ["KeyId"] = k.Id, ["KeyArn"] = k.Arn })
                );
            case "ListAliases":
                return List(caller, region, operation, body, "Aliases", Aliases(region, body));
            case "CreateAlias":
                return CreateAlias(caller, region, body);
            case "DeleteAlias":
                AuthorizeAccount(caller, operation, region);
                return data.Aliases.Remove((region, Text(body, "AliasName")))
                    ? new JsonObject()
                    : throw NotFound($"Alias {Text(body, "AliasName")} is not found.");
            case "Decrypt":
                return Decrypt(caller, region, body);
        }

        var key = Key(region, Text(body, operation is "UpdateAlias" or "CreateAlias" ? "TargetKeyId" : "KeyId"));
        if (operation == "UpdateAlias")
            return UpdateAlias(caller, region, key, body);
        Authorize(caller, operation, key);
        switch (operation)
        {
            case "DescribeKey":
                return new JsonObject { ["KeyMetadata"] = Metadata(key) };
            case "GetKeyPolicy":
                return new JsonObject { ["Policy"] = PolicyText(key), ["PolicyName"] = "default" };
            case "PutKeyPolicy":
                return PutPolicy(caller, key, body);
            case "TagResource":
                RequireUsable(key, "Enabled", "Disabled");
                AddTags(key, body);
                return new JsonObject();
            case "UntagResource":
                foreach (var name in (body["TagKeys"] as JsonArray ?? []).Select(n => (string)n!))
                    key.Tags.Remove(name);
                return new JsonObject();
            case "ListResourceTags":
                return List(
                    null,
                    region,
                    operation,
                    body,
                    "Tags",
                    key.Tags.Select(t => new JsonObject { ["TagKey"] = t.Key, ["TagValue"] = t.Value })
                );
            case "ListKeyPolicies":
                return new JsonObject { ["PolicyNames"] = new JsonArray("default"), ["Truncated"] = false };
            case "ReplicateKey":
                return Replicate(caller, key, body);
            case "EnableKeyRotation":
                return EnableRotation(key, body);
            case "DisableKeyRotation":
                key.RotationPeriod = null;
                return new JsonObject();
            case "GetKeyRotationStatus":
                return RotationStatus(key);
            case "RotateKeyOnDemand":
                return Rotate(key);
            case "ListKeyRotations":
                return List(
                    null,
                    region,
                    operation,
                    body,
                    "Rotations",
                    key.Material.Versions.Skip(1)
                        .Select(v => new JsonObject
                        {
                            ["KeyId"] = key.Id,
                            ["RotationDate"] = Epoch(v.Created),
                            ["RotationType"] = v.Kind,
                        })
                );
            case "EnableKey":
                RequireUsable(key, "Enabled", "Disabled");
                key.Enabled = true;
                return new JsonObject();
            case "DisableKey":
                RequireUsable(key, "Enabled", "Disabled");
                key.Enabled = false;
                return new JsonObject();
            case "ScheduleKeyDeletion":
                return ScheduleDeletion(key, body);
            case "CancelKeyDeletion":
                RequireUsable(key, "PendingDeletion");
                key.DeletionDate = null;
                key.Enabled = false;
                return new JsonObject { ["KeyId"] = key.Arn };
            case "Encrypt":
                return Encrypt(key, body);
            case "GenerateDataKey":
                return DataKey(key, body, withPlaintext: true);
            case "GenerateDataKeyWithoutPlaintext":
                return DataKey(key, body, withPlaintext: false);
            case "UpdateKeyDescription":
                key.Description = (string?)body["Description"] ?? "";
                return new JsonObject();
            default:
                throw new AwsFault("UnknownOperationException", $"There is no operation {operation}.");
        }
    }

    private JsonObject Create(Caller caller, string region, JsonObject body)
    {
        AuthorizeAccount(caller, "CreateKey", region);
        var multi = (bool?)body["MultiRegion"] ?? false;
        var (policy, principals) = CheckedPolicy(
            caller,
            (string?)body["Policy"],
            (bool?)body["BypassPolicyLockoutSafetyCheck"] ?? false
        );
        var id = multi ? "mrk-" + Guid.NewGuid().ToString("N") : Guid.NewGuid().ToString("D");
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, clock.UtcNow), clock.UtcNow)
        {
            Policy = policy,
            PolicyPrincipals = principals,
            MultiRegion = multi,
            KeySpec = (string?)body["KeySpec"] ?? "SYMMETRIC_DEFAULT",
            KeyUsage = (string?)body["KeyUsage"] ?? "ENCRYPT_DECRYPT",
            Description = (string?)body["Description"] ?? "",
        };
        AddTags(key, body);
        data.Keys.Add(key);
        return new JsonObject { ["KeyMetadata"] = Metadata(key) };
    }

    private JsonObject Replicate(Caller caller, KmsKey primary, JsonObject body)
    {
        RequireUsable(primary, "Enabled", "Disabled");
        var region = Text(body, "ReplicaRegion");
        if (!primary.MultiRegion || !primary.IsPrimary)
            throw new AwsFault("UnsupportedOperationException", $"{primary.Arn} is not a multi-Region primary key.");
        if (data.Keys.Any(k => k.Region == region && k.Id == primary.Id && !IsGone(k)))
            throw new AwsFault("AlreadyExistsException", $"A key with id {primary.Id} already exists in {region}.");
        AuthorizeAccount(caller, "CreateKey", region);
        var (policy, principals) = CheckedPolicy(
            caller,
            (string?)body["Policy"],
            (bool?)body["BypassPolicyLockoutSafetyCheck"] ?? false
        );
        var replica = new KmsKey(region, accountId, primary.Id, primary.Material, clock.UtcNow)
        {
            Policy = policy,
            PolicyPrincipals = principals,
            MultiRegion = true,
            PrimaryRegion = primary.Region,
            Origin = primary.Origin,
            CreatingUntil = clock.UtcNow + ReplicaDelay,
            Description = (string?)body["Description"] ?? "",
        };
        AddTags(replica, body);
        data.Keys.Add(replica);
        return new JsonObject
        {
            ["ReplicaKeyMetadata"] = Metadata(replica),
            ["ReplicaPolicy"] = policy.Text,
            ["ReplicaTags"] = new JsonArray([
                .. replica.Tags.Select(t => (JsonNode)new JsonObject { ["TagKey"] = t.Key, ["TagValue"] = t.Value }),
            ]),
        };
    }

    private JsonObject PutPolicy(Caller caller, KmsKey key, JsonObject body)
    {
        RequireUsable(key, "Enabled", "Disabled", "PendingDeletion");
        (key.Policy, key.PolicyPrincipals) = CheckedPolicy(
            caller,
            Text(body, "Policy"),
            (bool?)body["BypassPolicyLockoutSafetyCheck"] ?? false
        );
        return new JsonObject();
    }

    /// <summary>Principals must exist and be known, and the caller must stay able to change the policy.</summary>
    private (PolicyDocument, IReadOnlyDictionary<string, string>) CheckedPolicy(
        Caller caller,
        string? text,
        bool bypass
    )
    {
        text ??=
            $$"""{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{accountId}}:root"},"Action":"kms:*","Resource":"*"}]}""";
        if (text.Length > 32_768)
            throw new AwsFault("LimitExceededException", "The policy is too long.");
        var policy = PolicyDocument.Parse(text, needsPrincipal: true, "MalformedPolicyDocumentException");
        var principals = new Dictionary<string, string>();
        foreach (var principal in policy.Principals)
        {
            if (
                principal == "*"
                || Regex.IsMatch(principal, @"^\d{12}$")
                || Regex.IsMatch(principal, @"^arn:aws[a-z-]*:iam::\d{12}:root$")
                || Regex.IsMatch(principal, "^(Service|Federated):")
            )
                continue;
            // A principal of another account cannot be looked up here; AWS takes it when it exists there.
            if (
                Regex.Match(principal, @"^arn:aws[a-z-]*:(iam|sts)::(\d{12}):") is { Success: true } match
                && match.Groups[2].Value != accountId
            )
                continue;
            principals[principal] = iam.KnownElsewhere(principal)
                ?? throw new AwsFault("MalformedPolicyDocumentException", InvalidPrincipals);
        }

        var after = policy.Evaluate(caller, "kms:PutKeyPolicy", "*", new Dictionary<string, string>(), p =>
            principals.TryGetValue(p, out var id) ? id : null
        );
        if (!bypass && after is not (Verdict.Allow or Verdict.Delegate))
            throw new AwsFault(
                "MalformedPolicyDocumentException",
                "The new key policy will not allow you to update the key policy in the future."
            );
        return (policy, principals);
    }

    /// <summary>Where an ARN's owner is gone or was made anew, the policy shows the unique id that it really holds.</summary>
    private string PolicyText(KmsKey key)
    {
        var text = key.Policy.Text;
        foreach (var principal in key.PolicyPrincipals.Where(p => iam.Current(p.Key) != p.Value))
            text = text.Replace($"\"{principal.Key}\"", $"\"{principal.Value}\"");
        return text;
    }

    private JsonObject CreateAlias(Caller caller, string region, JsonObject body)
    {
        var name = Text(body, "AliasName");
        if (!Regex.IsMatch(name, "^alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}$"))
            throw new AwsFault("InvalidAliasNameException", $"Invalid alias name {name}.");
        var key = Key(region, Text(body, "TargetKeyId"));
        Authorize(caller, "CreateAlias", key);
        RequireUsable(key, "Enabled", "Disabled", "Creating");
        if (data.Aliases.ContainsKey((region, name)))
            throw new AwsFault(
                "AlreadyExistsException",
                $"An alias with the name arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:{name} already exists"
            );
        data.Aliases[(region, name)] = (key, clock.UtcNow);
        return new JsonObject();
    }

    private JsonObject UpdateAlias(Caller caller, string region, KmsKey key, JsonObject body)
    {
        Authorize(caller, "UpdateAlias", key);
        var name = Text(body, "AliasName");
        if (!data.Aliases.TryGetValue((region, name), out var entry))
            throw NotFound($"Alias {name} is not found.");
        data.Aliases[(region, name)] = (key, entry.Created);
        return new JsonObject();
    }

    private IEnumerable<JsonObject> Aliases(string region, JsonObject body)
    {
        var only = (string?)body["KeyId"] is { } id ? Key(region, id) : null;
        return data
            .Aliases.Where(a => a.Key.Region == region && (only is null || a.Value.Key == only))
            .OrderBy(a => a.Key.Alias, StringComparer.Ordinal)
            .Select(a => new JsonObject
            {
                ["AliasName"] = a.Key.Alias,
                ["AliasArn"] = $"arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:{a.Key.Alias}",
                ["TargetKeyId"] = a.Value.Key.Id,
                ["CreationDate"] = Epoch(a.Value.Created),
                ["LastUpdatedDate"] = Epoch(a.Value.Created),
            });
    }

    private JsonObject EnableRotation(KmsKey key, JsonObject body)
    {
        RequireUsable(key, "Enabled");
        RequireSymmetricPrimary(key);
        var days = (int?)body["RotationPeriodInDays"] ?? 365;
        if (days is < 90 or > 2560)
            throw new AwsFault(
                "ValidationException",
                "1 validation error detected: Value at 'rotationPeriodInDays' failed to satisfy constraint"
            );
        key.RotationPeriod = days;
        key.RotationStart = clock.UtcNow;
        return new JsonObject();
    }

    private JsonObject RotationStatus(KmsKey key)
    {
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsFault("UnsupportedOperationException", "Only symmetric keys are rotated.");
        var primary = data.Keys.Single(k => k.Id == key.Id && k.IsPrimary);
        var status = new JsonObject
        {
            ["KeyRotationEnabled"] = primary.RotationPeriod is not null,
            ["KeyId"] = key.Arn,
        };
        if (primary.RotationPeriod is { } days)
        {
            status["RotationPeriodInDays"] = days;
            status["NextRotationDate"] = Epoch(primary.RotationStart.AddDays(days));
        }

        return status;
    }

    private JsonObject Rotate(KmsKey key)
    {
        RequireUsable(key, "Enabled");
        RequireSymmetricPrimary(key);
        if (key.Material.Versions.Count(v => v.Kind == "ON_DEMAND") >= 25)
            throw new AwsFault("LimitExceededException", "On-demand rotation limit of 25 exceeded.");
        key.Material.Rotate(clock.UtcNow, "ON_DEMAND");
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    private static void RequireSymmetricPrimary(KmsKey key)
    {
        if (key.Origin == "EXTERNAL")
            throw new AwsFault(
                "UnsupportedOperationException",
                $"{key.Arn} origin is EXTERNAL which is not valid for this operation."
            );
        if (key.KeySpec != "SYMMETRIC_DEFAULT" || !key.IsPrimary)
            throw new AwsFault(
                "UnsupportedOperationException",
                $"{key.Arn} cannot be rotated: it is asymmetric, or a replica, whose primary is rotated instead."
            );
    }

    private JsonObject ScheduleDeletion(KmsKey key, JsonObject body)
    {
        RequireUsable(key, "Enabled", "Disabled");
        var days = (int?)body["PendingWindowInDays"] ?? 30;
        if (days is < 7 or > 30)
            throw new AwsFault(
                "ValidationException",
                "1 validation error detected: Value at 'pendingWindowInDays' failed to satisfy constraint"
            );
        key.DeletionDate = clock.UtcNow.AddDays(days);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["DeletionDate"] = Epoch(key.DeletionDate.Value),
            ["KeyState"] = "PendingDeletion",
            ["PendingWindowInDays"] = days,
        };
    }

    private JsonObject Encrypt(KmsKey key, JsonObject body)
    {
        RequireUse(key);
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(
                key.Material.Encrypt(Convert.FromBase64String(Text(body, "Plaintext")), Context(body))
            ),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
        };
    }

    private JsonObject Decrypt(Caller caller, string region, JsonObject body)
    {
        var blob = Convert.FromBase64String(Text(body, "CiphertextBlob"));
        var key = data.Keys.FirstOrDefault(k => k.Region == region && k.Id == KmsMaterial.IdOf(blob) && !IsGone(k))
            ?? throw new AwsFault("InvalidCiphertextException", "The ciphertext is from no key of this region.");
        if ((string?)body["KeyId"] is { } named && Key(region, named) != key)
            throw new AwsFault(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation."
            );
        Authorize(caller, "Decrypt", key);
        RequireUse(key);
        return key.Material.Decrypt(blob, Context(body)) is { } plain
            ? new JsonObject
            {
                ["Plaintext"] = Convert.ToBase64String(plain),
                ["KeyId"] = key.Arn,
                ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT",
            }
            : throw new AwsFault(
                "InvalidCiphertextException",
                "The ciphertext was changed, or the encryption context differs."
            );
    }

    private JsonObject DataKey(KmsKey key, JsonObject body, bool withPlaintext)
    {
        RequireUse(key);
        var plain = KmsMaterial.RandomBytes(
            (string?)body["KeySpec"] == "AES_128" ? 16 : (int?)body["NumberOfBytes"] ?? 32
        );
        var answer = new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(key.Material.Encrypt(plain, Context(body))),
            ["KeyId"] = key.Arn,
        };
        if (withPlaintext)
            answer["Plaintext"] = Convert.ToBase64String(plain);
        return answer;
    }

    private static byte[] Context(JsonObject body) =>
        Encoding.UTF8.GetBytes(
            string.Concat(
                (body["EncryptionContext"] as JsonObject ?? [])
                    .OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => $"{p.Key}\0{(string?)p.Value}\0")
            )
        );

    private KmsKey Key(string region, string id)
    {
        if (id.StartsWith("alias/", StringComparison.Ordinal) || id.Contains(":alias/"))
        {
            var name = id.Substring(id.IndexOf("alias/", StringComparison.Ordinal));
            return data.Aliases.TryGetValue((region, name), out var entry) && !IsGone(entry.Key)
                ? entry.Key
                : throw NotFound($"Alias arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:{name} is not found.");
        }

        return data.Keys.FirstOrDefault(k => k.Region == region && (k.Id == id || k.Arn == id) && !IsGone(k))
            ?? throw NotFound(
                id.StartsWith("arn:", StringComparison.Ordinal) && !id.Contains($":{region}:")
                    ? $"Invalid arn {region}"
                    : $"Key '{id}' does not exist"
            );
    }

    private bool IsGone(KmsKey key) => key.DeletionDate is { } date && date <= clock.UtcNow;

    private void RequireUse(KmsKey key)
    {
        if (key.State(clock.UtcNow) == "Disabled")
            throw new AwsFault("DisabledException", $"{key.Arn} is disabled.");
        RequireUsable(key, "Enabled");
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsFault("InvalidKeyUsageException", $"{key.Arn} is asymmetric.");
    }

    private void RequireUsable(KmsKey key, params string[] states)
    {
        var state = key.State(clock.UtcNow);
        if (!states.Contains(state))
            throw state == "Disabled"
                ? new AwsFault("DisabledException", $"{key.Arn} is disabled.")
                : new AwsFault(
                    "KMSInvalidStateException",
                    $"{key.Arn} is pending {(state == "Creating" ? "creation" : "deletion")}."
                );
    }

    private void Authorize(Caller caller, string operation, KmsKey key)
    {
        if (Judge(caller, "kms:" + operation, key) != Verdict.Allow)
            throw new AwsFault(
                "AccessDeniedException",
                $"User: {caller.Arn} is not authorized to perform: kms:{operation} on resource: {key.Arn} because no resource-based policy allows the kms:{operation} action"
            );
    }

    private static void AuthorizeAccount(Caller caller, string operation, string region)
    {
        var verdicts = caller
            .IdentityPolicies.Select(p =>
                p.Evaluate(caller, "kms:" + operation, "*", new Dictionary<string, string>(), _ => null)
            )
            .ToList();
        if (verdicts.Contains(Verdict.Deny) || !verdicts.Contains(Verdict.Allow))
            throw new AwsFault(
                "AccessDeniedException",
                $"User: {caller.Arn} is not authorized to perform: kms:{operation} in {region} because no identity-based policy allows the kms:{operation} action"
            );
    }

    private static JsonObject List(
        Caller? caller,
        string region,
        string operation,
        JsonObject body,
        string name,
        IEnumerable<JsonObject> items
    )
    {
        if (caller is not null)
            AuthorizeAccount(caller, operation, region);
        var start = (string?)body["Marker"] is { } marker && int.TryParse(marker, out var at) ? at : 0;
        var size = (int?)body["Limit"] ?? 50;
        var all = items.ToList();
        var more = start + size < all.Count;
        var answer = new JsonObject { [name] = new JsonArray([.. all.Skip(start).Take(size)]), ["Truncated"] = more };
        if (more)
            answer["NextMarker"] = (start + size).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return answer;
    }

    private static void AddTags(KmsKey key, JsonObject body)
    {
        foreach (var tag in body["Tags"] as JsonArray ?? [])
            key.Tags[(string)tag!["TagKey"]!] = (string?)tag["TagValue"] ?? "";
        if (key.Tags.Count > 50)
            throw new AwsFault("LimitExceededException", "Cannot exceed 50 tags.");
    }

    private JsonObject Metadata(KmsKey key)
    {
        var state = key.State(clock.UtcNow);
        var metadata = new JsonObject
        {
            ["AWSAccountId"] = accountId,
            ["KeyId"] = key.Id,
            ["Arn"] = key.Arn,
            ["CreationDate"] = Epoch(key.Created),
            ["Enabled"] = state == "Enabled",
            ["Description"] = key.Description,
            ["KeyUsage"] = key.KeyUsage,
            ["KeyState"] = state,
            ["Origin"] = key.Origin,
            ["KeyManager"] = "CUSTOMER",
            ["CustomerMasterKeySpec"] = key.KeySpec,
            ["KeySpec"] = key.KeySpec,
            ["EncryptionAlgorithms"] = new JsonArray(
                key.KeySpec == "SYMMETRIC_DEFAULT" ? "SYMMETRIC_DEFAULT" : "RSAES_OAEP_SHA_256"
            ),
            ["MultiRegion"] = key.MultiRegion,
        };
        if (key.Origin == "EXTERNAL")
            metadata["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE";
        if (key.DeletionDate is { } deletion)
            metadata["DeletionDate"] = Epoch(deletion);
        if (key.MultiRegion)
        {
            metadata["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = key.IsPrimary ? "PRIMARY" : "REPLICA",
                ["PrimaryKey"] = Related(data.Keys.Single(k => k.Id == key.Id && k.IsPrimary)),
                ["ReplicaKeys"] = new JsonArray([
                    .. data
                        .Keys.Where(k => k.Id == key.Id && !k.IsPrimary && !IsGone(k))
                        .Select(k => (JsonNode)Related(k)),
                ]),
            };
        }

        return metadata;
    }

    private static JsonObject Related(KmsKey key) => new() { ["Arn"] = key.Arn, ["Region"] = key.Region };

    private static string Text(JsonObject body, string name) =>
        (string?)body[name]
        ?? throw new AwsFault(
            "ValidationException",
            $"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        );

    private static AwsFault NotFound(string message) => new("NotFoundException", message);

    private static double Epoch(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
