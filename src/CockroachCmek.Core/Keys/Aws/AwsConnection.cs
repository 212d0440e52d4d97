using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>How the customer's AWS account is reached. Without anything set: the SDK's whole chain of credentials.</summary>
public sealed record AwsConnection
{
    /// <summary>Profile of the shared configuration, SSO and assume-role profiles included; null for the default chain.</summary>
    public string? ProfileName { get; init; }

    /// <summary>One address for all services, for a sandbox; null for AWS itself (or AWS_ENDPOINT_URL).</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Access key id, where credentials are given and not looked for.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The secret that belongs to <see cref="AccessKeyId"/>.</summary>
    public Secret? SecretAccessKey { get; init; }
}
