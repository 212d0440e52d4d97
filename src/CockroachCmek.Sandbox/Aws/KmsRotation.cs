using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations on rotation: by period and on demand.</summary>
internal sealed class KmsRotation(KmsKeys keys)
{
    public JsonObject Enable(KmsKey key, JsonObject body)
    {
        keys.RequireState(key, "Enabled");
        RequireSymmetricPrimary(key);
        var days = (int?)body["RotationPeriodInDays"] ?? 365;
        if (days is < 90 or > 2560)
            throw KmsRequest.InvalidValue("rotationPeriodInDays");
        key.RotationPeriod = days;
        key.RotationStart = keys.Now;
        return [];
    }

    public static JsonObject Disable(KmsKey key)
    {
        key.RotationPeriod = null;
        return [];
    }

    public JsonObject Status(KmsKey key)
    {
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
            throw new AwsException("UnsupportedOperationException", "Only symmetric keys are rotated.");
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

        return status;
    }

    public JsonObject RotateOnDemand(KmsKey key)
    {
        keys.RequireState(key, "Enabled");
        RequireSymmetricPrimary(key);
        if (key.Material.Versions.Count(v => v.Kind == "ON_DEMAND") >= 25)
            throw new AwsException("LimitExceededException", "On-demand rotation limit of 25 exceeded.");
        key.Material.Rotate(keys.Now, "ON_DEMAND");
        return new JsonObject { ["KeyId"] = key.Arn };
    }

    public static JsonObject List(KmsKey key, JsonObject body) =>
        KmsRequest.Page(
            body,
            "Rotations",
            key.Material.Versions.Skip(1)
                .Select(v => new JsonObject
                {
                    ["KeyId"] = key.Id,
                    ["RotationDate"] = KmsRequest.Epoch(v.Created),
                    ["RotationType"] = v.Kind,
                })
        );

    private static void RequireSymmetricPrimary(KmsKey key)
    {
        if (key.Origin == "EXTERNAL")
            throw new AwsException(
                "UnsupportedOperationException",
                $"{key.Arn} origin is EXTERNAL which is not valid for this operation."
            );
        if (key.KeySpec != "SYMMETRIC_DEFAULT" || !key.IsPrimary)
            throw new AwsException(
                "UnsupportedOperationException",
                $"{key.Arn} cannot be rotated: it is asymmetric, or a replica, whose primary is rotated instead."
            );
    }
}
