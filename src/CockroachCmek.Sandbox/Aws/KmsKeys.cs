using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

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
        if (!IsAlias(id))
            return GetById(region, id);
        var name = id.Substring(id.IndexOf("alias/", StringComparison.Ordinal));
        return data.Aliases.TryGetValue((region, name), out var alias) && !IsGone(alias.Key)
            ? alias.Key
            : throw KmsRequest.NotFound($"Alias {AliasArn(region, name)} is not found.");
    }

    /// <summary>The key of an id or ARN. Most operations take no alias.</summary>
    /// <exception cref="AwsException">InvalidArnException or NotFoundException.</exception>
    public KmsKey GetById(string region, string id)
    {
        if (IsAlias(id))
            throw new AwsException("InvalidArnException", "Key Aliases are not supported for this operation.");
        if (InRegion(region).FirstOrDefault(k => k.Id == id || k.Arn == id) is { } key)
            return key;
        if (id.StartsWith("arn:", StringComparison.Ordinal))
        {
            var named = id.Split(':').ElementAtOrDefault(3);
            throw KmsRequest.NotFound(named == region ? $"Key '{id}' does not exist" : $"Invalid arn {named}");
        }

        throw KmsRequest.NotFound(
            Guid.TryParseExact(id, "D", out _) || Regex.IsMatch(id, "^mrk-[0-9a-f]{32}$")
                ? $"Key 'arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:key/{id}' does not exist"
                : $"Invalid keyId '{id}'"
        );
    }

    public KmsKey PrimaryOf(KmsKey key) => data.Keys.Single(k => k.Id == key.Id && k.IsPrimary);

    public IEnumerable<KmsKey> ReplicasOf(KmsKey key) =>
        data.Keys.Where(k => k.Id == key.Id && !k.IsPrimary && !IsGone(k));

    public string AliasArn(string region, string name) =>
        $"arn:{KmsKey.Partition(region)}:kms:{region}:{accountId}:{name}";

    /// <summary>The state, as DescribeKey shows it.</summary>
    public string State(KmsKey key) =>
        key.DeletionDate is not null && DeletionDateOf(key) is null
            ? "PendingReplicaDeletion"
            : key.State(clock.UtcNow);

    /// <summary>
    /// When a key is deleted; null for never, and for a primary that waits for its last replica. Its own waiting time
    /// starts then.
    /// </summary>
    public DateTimeOffset? DeletionDateOf(KmsKey key)
    {
        if (key.DeletionDate is not { } date || !key.IsPrimary)
            return key.DeletionDate;
        var replicas = data.Keys.Where(k => k.Id == key.Id && !k.IsPrimary).ToList();
        if (replicas.Count == 0)
            return date;
        var last = replicas.Max(r => r.DeletionDate ?? DateTimeOffset.MaxValue);
        return last > clock.UtcNow ? null : Later(date, last.AddDays(key.DeletionWindow));
    }

    /// <exception cref="AwsException">The key is in none of the states.</exception>
    public void RequireState(KmsKey key, params string[] states)
    {
        var state = State(key);
        if (states.Contains(state))
            return;
        throw state == "Disabled" ? Disabled(key) : InState(key, state);
    }

    private static AwsException InState(KmsKey key, string state) =>
        new(
            "KMSInvalidStateException",
            key.Arn
                + state switch
                {
                    "Enabled" => " is not pending deletion.",
                    "Creating" => " is creating.",
                    "Updating" => " is updating.",
                    "PendingImport" => " is pending import.",
                    "Unavailable" => " is unavailable.",
                    _ => " is pending deletion.",
                }
        );

    /// <exception cref="AwsException">The key cannot encrypt or decrypt now.</exception>
    public void RequireUsable(KmsKey key)
    {
        if (State(key) == "Disabled")
            throw Disabled(key);
        RequireState(key, "Enabled", "Updating");
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
            ["Enabled"] = state is "Enabled" or "Updating",
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
        // The id stays when a material expires or is deleted.
        if (state != "Creating" && key.HasMaterial && key.Store is null)
            metadata["CurrentKeyMaterialId"] = key.Material.Current(key.MaterialTime(clock.UtcNow)).Id;
        if (key.Origin == "EXTERNAL" && state != "PendingImport")
            KmsRequest.AddExpiry(metadata, key.Material.ExpiresAt);
        if (key.Store is { } store)
            metadata["CustomKeyStoreId"] = store.Id;
        if (key.XksKeyId is { } xks)
            metadata["XksKeyConfiguration"] = new JsonObject { ["Id"] = xks };
        if (DeletionDateOf(key) is { } deletion)
            metadata["DeletionDate"] = KmsRequest.Epoch(deletion);
        else if (state == "PendingReplicaDeletion")
            metadata["PendingDeletionWindowInDays"] = key.DeletionWindow;
        if (key.MultiRegion)
            metadata["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = key.IsPrimary ? "PRIMARY" : "REPLICA",
                ["PrimaryKey"] = Related(PrimaryOf(key)),
                ["ReplicaKeys"] = new JsonArray([.. ReplicasOf(key).Select(k => (JsonNode)Related(k))]),
            };
        return metadata;
    }

    /// <summary>The key itself, and of a multi-Region key its primary and replicas.</summary>
    public IEnumerable<KmsKey> InAllRegions(KmsKey key) => data.Keys.Where(k => k.Id == key.Id);

    private bool IsGone(KmsKey key) => DeletionDateOf(key) is { } date && date <= clock.UtcNow;

    private static bool IsAlias(string id) =>
        id.StartsWith("alias/", StringComparison.Ordinal) || id.Contains(":alias/");

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static AwsException Disabled(KmsKey key) => new("DisabledException", $"{key.Arn} is disabled.");

    private static JsonObject Related(KmsKey key) => new() { ["Arn"] = key.Arn, ["Region"] = key.Region };
}
