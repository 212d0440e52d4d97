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

    /// <summary>A role of this name exists, but not as the cluster needs it.</summary>
    public static CmekException RoleDiffers(string arn, string cluster, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"The role {arn} does not fit '{cluster}': {string.Join("; ", differences)}. It was not changed.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Update   (or -Name <another name>)"
        );
}
