using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>One entry of CloudTrail's event history, as far as keys and roles need it.</summary>
internal sealed record TrailEntry
{
    private static readonly HashSet<string> Cryptographic =
    [
        "Decrypt",
        "Encrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
    ];

    /// <summary>Errors that say nothing about access to the key.</summary>
    private static readonly HashSet<string> Failures =
    [
        "ThrottlingException",
        "KMSInternalException",
        "InternalFailure",
        "DependencyTimeoutException",
        "ServiceUnavailable",
        "DryRunOperationException",
    ];

    public required string Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The operation: Decrypt.</summary>
    public required string Name { get; init; }

    /// <summary>The service: kms.amazonaws.com.</summary>
    public string Source { get; init; } = "";

    /// <summary>Who: the role of a session, else the ARN, else the account or service.</summary>
    public string Who { get; init; } = "";

    /// <summary>The session or user behind <see cref="Who"/>: its ARN.</summary>
    public string Arn { get; init; } = "";

    public string ErrorCode { get; init; } = "";

    public string ErrorMessage { get; init; } = "";

    public string RequestId { get; init; } = "";

    /// <summary>The key material that was used; empty where CloudTrail does not tell.</summary>
    public string KeyMaterialId { get; init; } = "";

    /// <summary>The key that the request names: an id, an ARN or an alias.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>The ARNs of the resources.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>True for encrypting and decrypting.</summary>
    public bool IsUse => Cryptographic.Contains(Name);

    public bool Succeeded => ErrorCode.Length == 0;

    /// <summary>True when AWS refused it: no permission, or the key cannot be used.</summary>
    public bool IsRefused => !Succeeded && !Failures.Contains(ErrorCode);

    /// <summary>True when the entry is about a key, also where CloudTrail does not list it as a resource.</summary>
    public bool Concerns(AwsKeyArn key)
    {
        var arn = key.ToString();
        return Resources.Contains(arn)
            || KeyId == arn
            || KeyId == key.KeyId
            || ErrorMessage.IndexOf(arn, StringComparison.Ordinal) >= 0;
    }

    /// <summary>Reads a record; null for one that lacks what every record has.</summary>
    public static TrailEntry? Parse(JsonObject record)
    {
        if (
            Text(record, "eventID") is not { } id
            || Text(record, "eventName") is not { } name
            || !DateTimeOffset.TryParse(
                Text(record, "eventTime"),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
        )
            return null;
        var identity = record["userIdentity"] as JsonObject ?? [];
        var arn = Text(identity, "arn") ?? "";
        return new TrailEntry
        {
            Id = id,
            Name = name,
            Time = time,
            Source = Text(record, "eventSource") ?? "",
            Arn = arn,
            Who = Text((identity["sessionContext"] as JsonObject)?["sessionIssuer"] as JsonObject, "arn")
                ?? (arn.Length > 0 ? arn : Text(identity, "invokedBy") ?? Text(identity, "accountId") ?? ""),
            ErrorCode = Text(record, "errorCode") ?? "",
            ErrorMessage = Text(record, "errorMessage") ?? "",
            RequestId = Text(record, "requestID") ?? "",
            KeyMaterialId = Text(record["additionalEventData"] as JsonObject, "keyMaterialId") ?? "",
            KeyId = Text(record["requestParameters"] as JsonObject, "keyId") ?? "",
            Resources =
            [
                .. (record["resources"] as JsonArray ?? []).Select(r => Text(r as JsonObject, "ARN")).OfType<string>(),
            ],
        };
    }

    private static string? Text(JsonObject? json, string name) =>
        json?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
