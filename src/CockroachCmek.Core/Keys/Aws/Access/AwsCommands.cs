namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>Commands of the AWS CLI that show or change what was found.</summary>
internal static class AwsCommands
{
    public static string GetKeyPolicy(string key, string region) =>
        $"aws kms get-key-policy --region {region} --key-id {key} --policy-name default";

    public static string PutKeyPolicy(string key, string region) =>
        $"aws kms put-key-policy --region {region} --key-id {key} --policy-name default --policy file://policy.json";

    public static string ListGrants(string key, string region) =>
        $"aws kms list-grants --region {region} --key-id {key}";

    public static string RevokeGrant(string key, string region, string grantId) =>
        $"aws kms revoke-grant --region {region} --key-id {key} --grant-id {grantId}";

    public static string RolePolicies(string roleName) =>
        $"aws iam list-role-policies --role-name {roleName}; "
        + $"aws iam list-attached-role-policies --role-name {roleName}";

    public static string GetRole(string roleName) => $"aws iam get-role --role-name {roleName}";

    /// <summary>The command with the permission that it needs.</summary>
    public static string Needing(this string command, string permission) => $"{command}   (needs {permission})";
}
