using System.Net;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>How the customer's AWS account is reached. Default: the SDK's credential chain.</summary>
internal sealed record AwsConnection
{
    /// <summary>
    /// Profile of the shared configuration, including SSO and assume-role profiles; null for the default chain.
    /// </summary>
    public string? ProfileName { get; init; }

    /// <summary>
    /// Profile for calls of KMS, when the keys are in another account than the role; null for the same credentials.
    /// </summary>
    public string? KeyProfileName { get; init; }

    /// <summary>One address for all services of a sandbox; null for AWS itself (or AWS_ENDPOINT_URL).</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Access key id; null to use a profile or the default chain.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The secret of <see cref="AccessKeyId"/>.</summary>
    public Secret? SecretAccessKey { get; init; }

    /// <summary>Session token of temporary credentials; null for a long-term access key.</summary>
    public Secret? SessionToken { get; init; }

    /// <summary>
    /// The connection of a session: the parameters of Connect-CrdbCloud. On a sandbox the address is always the
    /// sandbox's, and its credentials are the default.
    /// </summary>
    public static AwsConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var credential = options.Get<NetworkCredential>("AwsCredential");
        var connection = new AwsConnection
        {
            ProfileName = options.Get<string>("AwsProfile"),
            KeyProfileName = options.Get<string>("KeyProfile"),
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
