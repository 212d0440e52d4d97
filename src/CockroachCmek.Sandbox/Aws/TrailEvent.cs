namespace CockroachCmek.Sandbox.Aws;

/// <summary>One entry of CloudTrail's event history.</summary>
internal sealed record TrailEvent : IConstant
{
    public string Id { get; } = Guid.NewGuid().ToString("D");

    public required DateTimeOffset Time { get; init; }

    public required string Region { get; init; }

    /// <summary>For example kms.amazonaws.com.</summary>
    public required string Source { get; init; }

    /// <summary>For example Decrypt.</summary>
    public required string Name { get; init; }

    public required TrailIdentity Identity { get; init; }

    public required string RequestId { get; init; }

    /// <summary>JSON of requestParameters, without what CloudTrail leaves out.</summary>
    public string Request { get; init; } = "null";

    /// <summary>JSON of responseElements.</summary>
    public string Response { get; init; } = "null";

    /// <summary>The material that a key encrypted or decrypted with; null for anything else.</summary>
    public string? KeyMaterialId { get; init; }

    /// <summary>The code of a refusal; null for success.</summary>
    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>What the request was about; null where CloudTrail does not tell.</summary>
    public TrailResource? Resource { get; init; }

    /// <summary>What the entries of both accounts have in common; null when one account was involved.</summary>
    public string? SharedEventId { get; init; }

    /// <summary>Cryptographic operations count as reads.</summary>
    public bool IsReadOnly =>
        Name.StartsWith("Get", StringComparison.Ordinal)
        || Name.StartsWith("List", StringComparison.Ordinal)
        || Name.StartsWith("Describe", StringComparison.Ordinal)
        || Name.StartsWith("Simulate", StringComparison.Ordinal)
        || Name.StartsWith("GenerateDataKey", StringComparison.Ordinal)
        || Name is "AssumeRole" or "LookupEvents" or "Encrypt" or "Decrypt" or "ReEncrypt";
}

/// <summary>A resource of an entry: KMS names it by its ARN, IAM by its name.</summary>
internal sealed record TrailResource(string Type, string Name, string Arn) : IConstant;
