using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Finds the keys of KMS, and knows their states.</summary>
internal sealed class KmsKeys(SandboxClock clock, string accountId, AwsData data)
{
    public DateTimeOffset Now => clock.UtcNow;

    public void Add(KmsKey key) => data.Keys.Add(key);

    public IEnumerable<KmsKey> InRegion(string region) => data.Keys.Where(k => k.Region == region && !IsGone(k));

    /// <summary>The key of an ARN, in any region; null when there is none.</summary>
    public KmsKey? Find(string arn) => data.Keys.FirstOrDefault(k => k.Arn == arn && !IsGone(k));

    /// <summary>The key of an id in a region, pending deletion or not; null when there is none.</summary>
    public KmsKey? Find(string region, string? id) => InRegion(region).FirstOrDefault(k => k.Id == id);

    /// <summary>The key of an id, ARN or alias.</summary>
    /// <exception cref="AwsException">NotFoundException.</exception>
    public KmsKey Get(string region, string id)
    {
        if (id.StartsWith("alias/", StringComparison.Ordinal) || id.Contains(":alias/"))
        {
            var name = id.Substring(id.IndexOf("alias/", StringComparison.Ordinal));
            return data.Aliases.TryGetValue((region, name), out var alias) && !IsGone(alias.Key)
                ? alias.Key
                : throw KmsRequest.NotFound($"Alias {AliasArn(region, name)} is not found.");
        }

        return InRegion(region).FirstOrDefault(k => k.Id == id || k.Arn == id)
            ?? throw KmsRequest.NotFound(
                id.StartsWith("arn:", StringComparison.Ordinal) && !id.Contains($":{region}:")
                    ? $"Invalid arn {region}"
                    : $"Key '{id}' does not exist"
            );
    }

    public KmsKey PrimaryOf(KmsKey key) => data.Keys.Single(k => k.Id == key.Id && k.IsPrimary);

    public IEnumerable<KmsKey> ReplicasOf(KmsKey key) =>
        data.Keys.Where(k => k.Id == key.Id && !k.IsPrimary && !IsGone(k));

    public string AliasArn(string region, string name) =>
        $"arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:{name}";

    public string State(KmsKey key) => key.State(clock.UtcNow);

    /// <exception cref="AwsException">The key is in none of the states.</exception>
    public void RequireState(KmsKey key, params string[] states)
    {
        var state = State(key);
        if (states.Contains(state))
            return;
        throw state == "Disabled"
            ? Disabled(key)
            : new AwsException(
                "KMSInvalidStateException",
                $"{key.Arn} is pending {(state == "Creating" ? "creation" : "deletion")}."
            );
    }

    /// <exception cref="AwsException">The key cannot encrypt or decrypt now.</exception>
    public void RequireUsable(KmsKey key)
    {
        if (State(key) == "Disabled")
            throw Disabled(key);
        RequireState(key, "Enabled");
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsException("InvalidKeyUsageException", $"{key.Arn} is asymmetric.");
    }

    /// <summary>A key as DescribeKey shows it.</summary>
    public JsonObject Metadata(KmsKey key)
    {
        var state = State(key);
        var metadata = new JsonObject
        {
            ["AWSAccountId"] = accountId,
            ["KeyId"] = key.Id,
            ["Arn"] = key.Arn,
            ["CreationDate"] = KmsRequest.Epoch(key.Created),
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
        if (state is not ("Creating" or "PendingImport"))
            metadata["CurrentKeyMaterialId"] = key.Material.Current(clock.UtcNow).Id;
        if (key.Origin == "EXTERNAL" && state != "PendingImport")
            metadata["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE";
        if (key.DeletionDate is { } deletion)
            metadata["DeletionDate"] = KmsRequest.Epoch(deletion);
        if (key.MultiRegion)
            metadata["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = key.IsPrimary ? "PRIMARY" : "REPLICA",
                ["PrimaryKey"] = Related(PrimaryOf(key)),
                ["ReplicaKeys"] = new JsonArray([.. ReplicasOf(key).Select(k => (JsonNode)Related(k))]),
            };
        return metadata;
    }

    private bool IsGone(KmsKey key) => key.DeletionDate is { } date && date <= clock.UtcNow;

    private static AwsException Disabled(KmsKey key) => new("DisabledException", $"{key.Arn} is disabled.");

    private static JsonObject Related(KmsKey key) => new() { ["Arn"] = key.Arn, ["Region"] = key.Region };
}
