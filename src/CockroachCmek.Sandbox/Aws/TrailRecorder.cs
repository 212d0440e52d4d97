using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Writes what happens in KMS, IAM and STS into the event history.</summary>
internal sealed class TrailRecorder(TrailLog log, KmsService kms)
{
    /// <summary>What CloudTrail never shows.</summary>
    private static readonly HashSet<string> Hidden =
    [
        "Plaintext",
        "CiphertextBlob",
        "EncryptedKeyMaterial",
        "ImportToken",
        "Action",
        "Version",
    ];

    /// <summary>A request to KMS.</summary>
    /// <param name="result">The response; null when it was refused.</param>
    public void Kms(TrailCall call, JsonObject body, JsonObject? result, AwsException? refusal)
    {
        // The key of a refused request is not in its resources: no example of one shows it.
        var isHidden = refusal?.Code is "AccessDeniedException" or "NotFoundException" or "InvalidArnException";
        var use = isHidden ? null : kms.UseOf(call.Region, call.Operation, body, result);
        if (use is not null && refusal is null && use.IsCryptographic)
            use.Key.LastUse = new KmsLastUse(call.Operation, log.Now, Add());
        else
            Add();

        TrailEvent Add() =>
            this.Add(
                call,
                "kms.amazonaws.com",
                Parameters(body.Select(p => (p.Key, p.Value?.DeepClone()))),
                use?.Key.Arn is { } arn ? new TrailResource("AWS::KMS::Key", arn, arn) : null,
                refusal?.Code,
                refusal?.Message,
                refusal is null ? use?.MaterialId : null
            );
    }

    /// <summary>A request to IAM, which is logged in one region, or to STS.</summary>
    public void Query(
        TrailCall call,
        string service,
        IReadOnlyDictionary<string, string> form,
        AwsException? refusal,
        string? roleArn
    ) =>
        Add(
            service == "iam" ? call with { Region = "us-east-1" } : call,
            $"{service}.amazonaws.com",
            Parameters(form.Select(p => (p.Key, (JsonNode?)p.Value))),
            roleArn is null
                ? null
                : new TrailResource("AWS::IAM::Role", service == "iam" ? roleArn.Split('/').Last() : roleArn, roleArn),
            refusal?.Code,
            refusal?.Message,
            null
        );

    /// <summary>A request to CloudTrail itself.</summary>
    public void Lookup(TrailCall call, AwsException? refusal) =>
        Add(call, "cloudtrail.amazonaws.com", "null", null, refusal?.Code, refusal?.Message, null);

    /// <summary>CockroachDB Cloud's account assumes a role of the customer's.</summary>
    public void AssumedByCockroachDb(Caller node, Caller session, string region, DateTimeOffset? at) =>
        log.Add(
            new TrailEvent
            {
                Time = at ?? log.Now,
                Region = region,
                Source = "sts.amazonaws.com",
                Name = "AssumeRole",
                RequestId = Guid.NewGuid().ToString("D"),
                Identity = TrailIdentity.Of(node, null) with { IsForeign = true },
                Request = new JsonObject
                {
                    ["roleArn"] = session.PrincipalArn,
                    ["roleSessionName"] = session.Arn.Split('/').Last(),
                }.ToJsonString(),
                Response = new JsonObject
                {
                    ["assumedRoleUser"] = new JsonObject { ["arn"] = session.Arn },
                }.ToJsonString(),
                Resource = new TrailResource("AWS::IAM::Role", session.PrincipalArn, session.PrincipalArn),
                SharedEventId = Guid.NewGuid().ToString("D"),
            }
        );

    /// <summary>CockroachDB's nodes use a key of the customer's, or try to.</summary>
    public void UsedByCockroachDb(Caller session, KmsUse use, string region, DateTimeOffset? at)
    {
        var call = new TrailCall(session, null, region, use.Operation, Guid.NewGuid().ToString("D")) { At = at };
        var isHidden = use.ErrorCode is "AccessDeniedException" or "NotFoundException";
        var entry = Add(
            call,
            "kms.amazonaws.com",
            Parameters([("KeyId", use.KeyArn), ("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")]),
            isHidden ? null : new TrailResource("AWS::KMS::Key", use.KeyArn, use.KeyArn),
            use.ErrorCode,
            use.ErrorMessage,
            use.MaterialId
        );
        if (use.ErrorCode is null && kms.Find(use.KeyArn) is { } key && !(key.LastUse?.Time > entry.Time))
            key.LastUse = new KmsLastUse(use.Operation, entry.Time, entry);
    }

    private TrailEvent Add(
        TrailCall call,
        string source,
        string request,
        TrailResource? resource,
        string? errorCode,
        string? errorMessage,
        string? material
    )
    {
        var entry = new TrailEvent
        {
            Time = call.At ?? log.Now,
            Region = call.Region,
            Source = source,
            Name = call.Operation,
            Identity = TrailIdentity.Of(call.Caller, call.AccessKeyId),
            RequestId = call.RequestId,
            Request = request,
            Resource = resource,
            KeyMaterialId = material,
            ErrorCode = errorCode,
            ErrorMessage = errorMessage,
        };
        log.Add(entry);
        return entry;
    }

    private static string Parameters(IEnumerable<(string Name, JsonNode? Value)> parameters) =>
        new JsonObject(
            parameters
                .Where(p => !Hidden.Contains(p.Name) && p.Name.Length > 0)
                .Select(p => new KeyValuePair<string, JsonNode?>(
                    char.ToLowerInvariant(p.Name[0]) + p.Name.Substring(1),
                    p.Value
                ))
        ).ToJsonString();
}

/// <summary>A request to one of the services.</summary>
internal sealed record TrailCall(Caller Caller, string? AccessKeyId, string Region, string Operation, string RequestId)
{
    /// <summary>When; null for now.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>How CockroachDB used a key.</summary>
internal sealed record KmsUse(string KeyArn, string Operation)
{
    public string? MaterialId { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }
}

/// <summary>The last cryptographic operation of a key that succeeded.</summary>
internal sealed record KmsLastUse(string Operation, DateTimeOffset Time, TrailEvent Entry) : IConstant;
