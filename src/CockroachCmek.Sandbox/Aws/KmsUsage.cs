using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Which key and material an operation concerns, and when a key was last used.</summary>
internal sealed class KmsUsage(KmsKeys keys, AwsData data)
{
    private static readonly HashSet<string> Cryptographic =
    [
        "Encrypt",
        "Decrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
    ];

    /// <summary>GetKeyLastUsage: the last success of anybody, in this region alone, as far as KMS has tracked it.</summary>
    public JsonObject Last(KmsKey key)
    {
        var json = new JsonObject
        {
            ["KeyId"] = key.Id,
            ["KeyCreationDate"] = KmsRequest.Epoch(key.Created),
            ["TrackingStartDate"] = KmsRequest.Epoch(data.UsageTrackedFrom),
        };
        if (key.LastUse is { } last && last.Time >= data.UsageTrackedFrom)
            json["KeyLastUsage"] = new JsonObject
            {
                ["Operation"] = last.Operation,
                ["Timestamp"] = KmsRequest.Epoch(last.Time),
                ["CloudTrailEventId"] = last.Entry.Id,
                ["KmsRequestId"] = last.Entry.RequestId,
            };
        return json;
    }

    /// <summary>The key of a request; null for none, and for one that does not exist.</summary>
    /// <param name="result">The response; null when the request was refused.</param>
    public KmsKeyUse? Of(string region, string operation, JsonObject body, JsonObject? result)
    {
        var isCryptographic = Cryptographic.Contains(operation);
        if (operation is "Decrypt" or "ReEncrypt")
            return BlobOf(body) is { } blob && keys.Find(region, KmsMaterial.IdOf(blob)) is { } opened
                ? new KmsKeyUse(opened, opened.Material.VersionOf(blob)?.Id, isCryptographic)
                : null;
        var name = (string?)result?["KeyMetadata"]?["Arn"] ?? (string?)body["KeyId"] ?? (string?)body["TargetKeyId"];
        if (name is null || Find(region, name) is not { } key)
            return null;
        var material = isCryptographic ? key.Material.Current(key.MaterialTime(keys.Now)).Id : null;
        return new KmsKeyUse(key, material, isCryptographic);
    }

    private KmsKey? Find(string region, string name)
    {
        try
        {
            return keys.Get(region, name);
        }
        catch (AwsException)
        {
            return null;
        }
    }

    private static byte[]? BlobOf(JsonObject body)
    {
        try
        {
            return (string?)body["CiphertextBlob"] is { } text ? Convert.FromBase64String(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>The key that an operation concerned, and the material that it used.</summary>
internal sealed record KmsKeyUse(KmsKey Key, string? MaterialId, bool IsCryptographic);
