using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations on rotation: by period and on demand.</summary>
internal sealed class KmsRotation(KmsKeys keys, AwsData data)
{
    /// <summary>In the life of a key.</summary>
    private const int OnDemandLimit = 25;

    public JsonObject Enable(KmsKey key, JsonObject body)
    {
        RequireManaged(key);
        keys.RequireState(key, "Enabled");
        RequireSymmetricPrimary(key);
        var days = (int?)body["RotationPeriodInDays"] ?? 365;
        if (days is < 90 or > 2560)
            throw KmsRequest.InvalidValue("rotationPeriodInDays");
        key.RotationPeriod = days;
        key.RotationStart = keys.Now;
        return [];
    }

    public JsonObject Disable(KmsKey key)
    {
        RequireManaged(key);
        keys.RequireState(key, "Enabled");
        key.RotationPeriod = null;
        return [];
    }

    public JsonObject Status(KmsKey key)
    {
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsException("UnsupportedOperationException", "");
        RequireNoStore(key);
        var primary = keys.PrimaryOf(key);
        var status = new JsonObject
        {
            ["KeyRotationEnabled"] = primary.RotationPeriod is not null,
            ["KeyId"] = key.Arn,
        };
        if (primary.RotationPeriod is { } days)
        {
            status["RotationPeriodInDays"] = days;
            status["NextRotationDate"] = KmsRequest.Epoch(primary.RotationStart.AddDays(days));
        }

        if (key.Material.Rotating(keys.Now) is { } running)
            status["OnDemandRotationStartDate"] = KmsRequest.Epoch(running.Started);
        return status;
    }

    public JsonObject RotateOnDemand(KmsKey key)
    {
        RequireNoStore(key);
        if (keys.State(key) == "PendingImport")
            throw new AwsException("KMSInvalidStateException", $"{key.Arn} is pending import.");
        keys.RequireState(key, "Enabled");
        RequireSymmetricPrimary(key);
        if (key.Origin == "EXTERNAL" && PendingState(key) != "PENDING_ROTATION")
            throw new AwsException(
                "KMSInvalidStateException",
                $"No available key material pending rotation for the key: {key.Arn}."
            );
        if (key.Material.Rotating(keys.Now) is not null)
            throw new AwsException("ConflictException", $"A rotation of {key.Arn} is in progress.");
        if (key.Material.Versions.Count(v => v.Kind == "ON_DEMAND") >= OnDemandLimit)
            throw new AwsException(
                "LimitExceededException",
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can "
                    + "be "
                    + $"performed for this key: {key.Arn}"
            );
        if (key.Origin == "EXTERNAL")
            key.Material.StartRotationToPending(keys.Now, data.RotationDelays);
        else
            key.Material.StartRotation(keys.Now, "ON_DEMAND", data.RotationDelays);
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    public JsonObject List(KmsKey key, JsonObject body)
    {
        RequireNoStore(key);
        var current = key.Material.Current(key.MaterialTime(keys.Now));
        var isAll = (string?)body["IncludeKeyMaterial"] == "ALL_KEY_MATERIAL";
        return KmsRequest.Page(
            body,
            "Rotations",
            key.Material.Versions.Where(v => v.ListedFrom <= keys.Now && (isAll || v.Kind.Length > 0))
                .Select(v => Entry(key, v, v == current))
                .Concat(isAll && key.Material.Pending is { } pending ? [PendingEntry(key, pending)] : [])
        );
    }

    /// <summary>Pending material has neither date nor type, like the first.</summary>
    private JsonObject PendingEntry(KmsKey key, KmsPendingMaterial pending)
    {
        var entry = new JsonObject
        {
            ["KeyId"] = key.Id,
            ["KeyMaterialId"] = pending.Id,
            ["KeyMaterialState"] = PendingState(key),
            ["ImportState"] = "IMPORTED",
        };
        KmsRequest.AddExpiry(entry, pending.ExpiresAt);
        return entry;
    }

    /// <summary>New material of a multi-Region key waits until every replica has it, too.</summary>
    private string? PendingState(KmsKey key) =>
        key.Material.Pending is not { } pending ? null
        : keys.InAllRegions(key).All(k => pending.Regions.Contains(k.Region)) ? "PENDING_ROTATION"
        : "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

    /// <summary>The first material has neither date nor type.</summary>
    private JsonObject Entry(KmsKey key, KmsMaterialVersion version, bool isCurrent)
    {
        var entry = new JsonObject
        {
            ["KeyId"] = key.Id,
            ["KeyMaterialId"] = version.Id,
            ["KeyMaterialState"] = isCurrent ? "CURRENT" : "NON_CURRENT",
        };
        if (key.Origin == "EXTERNAL")
        {
            entry["ImportState"] = version.ExpiresAt <= keys.Now ? "PENDING_IMPORT" : "IMPORTED";
            KmsRequest.AddExpiry(entry, version.ExpiresAt);
        }

        if (version.Kind.Length == 0)
            return entry;
        entry["RotationDate"] = KmsRequest.Epoch(version.Completed);
        entry["RotationType"] = version.Kind;
        return entry;
    }

    /// <summary>Automatic rotation is for material that AWS made.</summary>
    private static void RequireManaged(KmsKey key)
    {
        if (key.Origin != "AWS_KMS")
            throw new AwsException(
                "UnsupportedOperationException",
                $"{key.Arn} origin is {key.Origin} which is not valid for this operation."
            );
    }

    /// <summary>A key in a key store has one version, of which KMS knows nothing.</summary>
    private static void RequireNoStore(KmsKey key)
    {
        if (key.Store is not null)
            RequireManaged(key);
    }

    private static void RequireSymmetricPrimary(KmsKey key)
    {
        // Recorded for asymmetric keys: the message is empty.
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsException("UnsupportedOperationException", "");
        if (!key.IsPrimary)
            throw new AwsException("UnsupportedOperationException", $"{key.Arn} is not a multi-region primary key.");
    }
}
