namespace CockroachCmek.Core.Keys.Aws;

/// <content>Roles.</content>
internal static partial class AwsErrors
{
    /// <summary>The text is not a role ARN.</summary>
    public static CmekException RoleArnMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not a role ARN. Expected arn:aws:iam::<account>:role/<name>.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>The credentials for IAM do not see the role, which is in another account than the keys.</summary>
    public static CmekException RoleNotFound(string arn) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            arn,
            $"The role {arn} was not found with the credentials for IAM. The keys are in another account, so a policy "
                + "of "
                + "the role has to be written. Nothing was created.",
            "Connect-CrdbCloud -AwsProfile <profile of the role's account> -KeyProfile <profile of the keys' account>"
        );

    /// <summary>IAM finds roles by name in the caller's account: another role would be changed.</summary>
    public static CmekException RoleOfAnotherAccount(RoleArn role, string account) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            role.Text,
            $"The role {role} cannot be changed with credentials of account {account}. It is in account "
                + $"{role.AccountId}.",
            $"Connect-CrdbCloud -AwsProfile <profile of account {role.AccountId}>   (or Revoke-CrdbCmek -Method Deny, "
                + "which changes the keys)"
        );

    /// <summary>IAM accepted the inline policy, but does not show it.</summary>
    public static CmekException RolePolicyNotSeen(string arn, string policy) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            arn,
            $"IAM accepted the policy {policy} of {arn}, but still does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>A role of this name exists, but not as the cluster needs it.</summary>
    /// <param name="others">
    /// Whom the role also serves, when it is not marked as this cluster's: -Update does not take it from them.
    /// </param>
    public static CmekException RoleDiffers(
        string arn,
        CrdbCluster cluster,
        IReadOnlyList<string> differences,
        IReadOnlyList<string>? others = null
    )
    {
        var name = NameOf(arn);
        var named = name == AwsNames.Default(cluster) ? "" : $"-Name {ShellQuote.PowerShell(name)} ";
        var update = $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Name)} | New-CrdbCmekRole {named}-Update";
        var isShared = others is { Count: > 0 };
        return Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"The role {arn} does not fit '{cluster.Name}': {string.Join("; ", differences)}. It was not changed."
                + (
                    isShared
                        ? $" It has no tag {AwsNames.ClusterIdTag}, so -Update does not change it either: "
                            + $"{string.Join(" and ", others!)} would lose it."
                        : ""
                ),
            isShared
                ? $"aws iam tag-role --role-name {ShellQuote.PowerShell(name)} --tags Key={AwsNames.ClusterIdTag},Value={ShellQuote.PowerShell(cluster.Id)}   "
                    + $"(if only this cluster needs it; then {update})"
                : $"{update}   (or -Name <another name>)"
        );
    }
}
