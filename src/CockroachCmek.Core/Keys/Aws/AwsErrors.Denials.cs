namespace CockroachCmek.Core.Keys.Aws;

/// <content>Calls that a policy denies. AWS's own message says who, what and on which resource.</content>
internal static partial class AwsErrors
{
    /// <summary>The credentials lack a permission, or a policy of the account or key denies it.</summary>
    public static CmekException AwsPermissionDenied(string target, AwsDenial denial, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"AWS denied a call for '{target}': {inner.Message}",
            (
                denial.IsExplicit
                    ? $"Ask an administrator to except these credentials from the Deny{In(denial)}"
                    : $"Ask an administrator to allow {denial.Action ?? "the action"} for these credentials"
            )
                + "   (Get-CrdbCmekKeyPolicy prints the key policy and the commands for an administrator)"
                + WithBoundary(denial),
            inner
        );

    /// <summary>A policy of the AWS organization denies the call: service control or resource control policy.</summary>
    /// <param name="kind">"service" or "resource".</param>
    public static CmekException OrganizationPolicyDenies(
        string target,
        string kind,
        AwsDenial denial,
        Exception inner
    ) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"A {kind} control policy of your AWS organization {Verb(denial)} {denial.Action ?? "the call"} for "
                + $"'{target}'{Named(denial)}. No permission in the account changes that. AWS: {inner.Message}",
            denial.PolicyArn is { } arn
                ? $"aws organizations describe-policy --policy-id {LastPart(arn)}   (for the organization's "
                    + $"administrators, who decide about it){WithBoundary(denial)}"
                : "Show this message to the administrators of your AWS organization, who decide about its policies"
                    + WithBoundary(denial),
            inner
        );

    /// <summary>The permissions boundary of the caller does not let it make the call.</summary>
    public static CmekException BoundaryDenies(string target, AwsDenial denial, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The permissions boundary of these credentials {Verb(denial)} {denial.Action ?? "the call"} for "
                + $"'{target}'{Named(denial)}. A permission outside the boundary has no effect. AWS: {inner.Message}",
            denial.PolicyArn is { } arn
                ? $"aws iam get-policy --policy-arn {arn}   (shows the boundary to those who decide about it)"
                    + WithBoundary(denial)
                : "aws sts get-caller-identity   (shows whose boundary it is, for those who decide about it)"
                    + WithBoundary(denial),
            inner
        );

    /// <summary>The credentials were issued with a session policy that does not let them make the call.</summary>
    public static CmekException SessionPolicyDenies(string target, AwsDenial denial, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"These credentials were issued with a session policy that {Verb(denial)} {denial.Action ?? "the call"} for "
                + $"'{target}'{Named(denial)}. AWS: {inner.Message}",
            "Connect-CrdbCloud -AwsProfile <profile>   (of credentials that are issued without that session policy)",
            inner
        );

    /// <summary>The policy of the VPC endpoint through which AWS is reached does not let the call pass.</summary>
    public static CmekException EndpointPolicyDenies(string target, AwsDenial denial, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The policy of the VPC endpoint through which this machine reaches AWS {Verb(denial)} "
                + $"{denial.Action ?? "the call"} for '{target}'{Named(denial)}. AWS: {inner.Message}",
            "Run the same command on a machine that reaches AWS another way, or show this message to those who manage "
                + "the endpoint",
            inner
        );

    /// <summary>A policy may let roles be created with a permissions boundary only: AWS does not say so.</summary>
    private static string WithBoundary(AwsDenial denial) =>
        denial.Action is "iam:CreateRole" or "iam:PutRolePermissionsBoundary"
            ? "; or, where a new role needs a permissions boundary: Get-CrdbCluster <name> | New-CrdbCmekRole "
                + "-PermissionsBoundary <policy ARN>"
            : "";

    private static string Verb(AwsDenial denial) => denial.IsExplicit ? "denies" : "does not allow";

    private static string Named(AwsDenial denial) => denial.PolicyArn is { } arn ? $" ({arn})" : "";

    private static string In(AwsDenial denial) => denial.PolicyArn is { } arn ? $" in {arn}" : "";

    private static string LastPart(string arn) => arn.Substring(arn.LastIndexOf('/') + 1);
}
