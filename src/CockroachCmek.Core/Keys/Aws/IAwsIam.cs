namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A role as IAM shows it.</summary>
internal sealed record IamRole(
    string Name,
    string Arn,
    string UniqueId,
    string TrustPolicy,
    IReadOnlyDictionary<string, string> Tags
)
{
    /// <summary>When it was created; null when IAM does not tell.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it was last used; null when IAM reports no use.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>ARN of its permissions boundary; null for none.</summary>
    public string? PermissionsBoundary { get; init; }
}

/// <summary>
/// The operations of IAM that CMEK needs, named as in AWSSDK.IdentityManagement, which can replace this interface once
/// its package can be restored from the registry that CI reaches.
/// </summary>
internal interface IAwsIam : IDisposable
{
    Task<IamRole> GetRoleAsync(string roleName, CancellationToken cancellationToken);

    Task<IamRole> CreateRoleAsync(
        string roleName,
        string path,
        string trustPolicy,
        string description,
        string? permissionsBoundary,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    );

    Task PutRolePermissionsBoundaryAsync(
        string roleName,
        string permissionsBoundary,
        CancellationToken cancellationToken
    );

    /// <summary>Sets an inline policy.</summary>
    Task PutRolePolicyAsync(
        string roleName,
        string policyName,
        string policyDocument,
        CancellationToken cancellationToken
    );

    /// <summary>Removes an inline policy.</summary>
    Task DeleteRolePolicyAsync(string roleName, string policyName, CancellationToken cancellationToken);

    Task UpdateAssumeRolePolicyAsync(string roleName, string trustPolicy, CancellationToken cancellationToken);

    Task TagRoleAsync(string roleName, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> ListRolePoliciesAsync(string roleName, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> ListAttachedRolePoliciesAsync(string roleName, CancellationToken cancellationToken);

    /// <summary>The document of an inline policy.</summary>
    Task<string> GetRolePolicyAsync(string roleName, string policyName, CancellationToken cancellationToken);

    /// <summary>The id of a managed policy's default version: the one in force.</summary>
    Task<string> GetPolicyDefaultVersionAsync(string policyArn, CancellationToken cancellationToken);

    /// <summary>The document of a version of a managed policy.</summary>
    Task<string> GetPolicyVersionAsync(string policyArn, string versionId, CancellationToken cancellationToken);

    /// <summary>What the policies of a user or role say about a call: allowed, explicitDeny or implicitDeny.</summary>
    Task<string> SimulatePrincipalPolicyAsync(
        string principalArn,
        string action,
        string resourceArn,
        CancellationToken cancellationToken
    );
}
