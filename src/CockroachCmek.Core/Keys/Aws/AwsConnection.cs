using System.Net;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>How the customer's AWS account is reached. Without anything set: the SDK's whole chain of credentials.</summary>
internal sealed record AwsConnection
{
    /// <summary>Profile of the shared configuration, SSO and assume-role profiles included; null for the default chain.</summary>
    public string? ProfileName { get; init; }

    /// <summary>One address for all services, for a sandbox; null for AWS itself (or AWS_ENDPOINT_URL).</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Access key id, where credentials are given and not looked for.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The secret that belongs to <see cref="AccessKeyId"/>.</summary>
    public Secret? SecretAccessKey { get; init; }

    /// <summary>Session token of temporary credentials.</summary>
    public Secret? SessionToken { get; init; }

    /// <summary>
    /// The connection of a session: what Connect-CrdbCloud was given. On a sandbox the address is always the sandbox's, and its
    /// credentials are the default.
    /// </summary>
    public static AwsConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var credential = options.Get<NetworkCredential>("AwsCredential");
        var connection = new AwsConnection
        {
            ProfileName = options.Get<string>("AwsProfile"),
            AccessKeyId = credential?.UserName,
            SecretAccessKey = credential is null ? null : new Secret(credential.Password),
            SessionToken = options.Get<Secret>("AwsSessionToken"),
        };
        if (sandbox?.Find("aws") is not { } aws)
            return connection;
        connection = connection with { Endpoint = new Uri(aws["endpoint"]) };
        return credential is not null || connection.ProfileName is not null
            ? connection
            : connection with
            {
                AccessKeyId = aws["accessKeyId"],
                SecretAccessKey = new Secret(aws["secretAccessKey"]),
            };
    }
}
