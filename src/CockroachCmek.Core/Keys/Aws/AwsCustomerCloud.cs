using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>AWS: keys in AWS KMS, used through a cross-account IAM role.</summary>
internal sealed class AwsCustomerCloud : ICustomerCloud
{
    public string Provider => AwsNames.Provider;

    public string DisplayName => "AWS";

    public string KeyType => AwsNames.KeyType;

    /// <summary>The organization's id is the external id in the role's trust policy.</summary>
    public bool NeedsOrganizationId => true;

    public IReadOnlyCollection<string> RoleOptions => AwsRoleOptions.Names;

    public IReadOnlyCollection<string> KeyOptions => AwsKeyOptions.Names;

    public IReadOnlyCollection<string> PolicyOptions { get; } = ["Administrator", "PermissionsBoundary"];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; } =
    [
        CmekRevocationMethod.Deny,
        CmekRevocationMethod.DenyRole,
        CmekRevocationMethod.RemoveGrant,
        CmekRevocationMethod.RemoveTrust,
        CmekRevocationMethod.DisableKey,
    ];

    public IReadOnlyList<CmekRevocationMethod> DefaultRevocation { get; } =
    [CmekRevocationMethod.Deny, CmekRevocationMethod.DenyRole, CmekRevocationMethod.DisableKey];

    public IVaultTarget VaultTarget { get; } = new AwsVaultTarget();

    public string KeyLocationRemedy => "New-CrdbCmekKey -MultiRegion";

    public string? WhatOutlasts(CmekRevocationMethod method) => null;

    public KeyUri? ParseKeyUri(string text)
    {
        if (!text.StartsWith("arn:", StringComparison.Ordinal))
            return null;
        return AwsKeyArn.TryParse(text) switch
        {
            { IsAlias: false } key => KeyUri.Of(text, KeyType, key.Region, key.AccountId) with
            {
                IsMultiRegion = key.IsMultiRegion,
            },
            { } => KeyUri.Malformed(
                text,
                "it is the ARN of an alias, which can be moved to another key; use the key's own ARN "
                    + "(aws kms describe-key --key-id <alias>)"
            ),
            null => KeyUri.Malformed(text, "it is not the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>"),
        };
    }

    public string? PrincipalProblem(string authPrincipal, CrdbCluster cluster)
    {
        const string form = "arn:aws:iam::<account>:role/<name>";
        if (RoleArn.TryParse(authPrincipal) is { } role)
            return role.AccountId == cluster.AccountId
                ? $"it is a role in account {role.AccountId}, which belongs to Cockroach Labs and hosts the cluster; "
                    + "use "
                    + "the role in your own account that trusts that account"
                : null;
        if (Regex.IsMatch(authPrincipal, @"^\d{12}$"))
            return $"it is an AWS account id; use the ARN of the role in your own account, {form}";
        return authPrincipal.Contains(":user/") || authPrincipal.Contains(":root")
            ? $"it is not a role; CockroachDB Cloud can assume roles only, {form}"
            : $"it is not a role ARN, {form}";
    }

    public string IdentityOf(CrdbCluster cluster, string authPrincipal) => authPrincipal;

    public string? SeparationProblem(KeyUri key, string authPrincipal, CrdbCluster cluster) =>
        AwsPartition.Difference(
            cluster,
            RoleArn.TryParse(authPrincipal),
            key.Problem is null ? AwsKeyArn.TryParse(key.Text) : null
        );

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) =>
        RoleArn.TryParse(authPrincipal) is { } role && role.AccountId != key.Account
            ? $"The role is in account {role.AccountId}, the key in account {key.Account}. The role also needs "
                + "an IAM policy that allows it to use the key."
            : null;

    public bool Serves(string location, string region) => location == region;

    /// <summary>Only AWS shows it: a cluster with advanced security features has a private network.</summary>
    public bool LacksAdvancedSecurity(CrdbCluster cluster) => cluster.NetworkVisibility == "PUBLIC";

    public CmekAccessChange VerifyChange(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    ) => AwsRecordedChange.Verify(change, this, cluster, keys);

    public IEnumerable<Suggestion> Suggest(string parameter, SeenNames seen) => AwsSuggestions.Of(parameter, seen);

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) =>
        new AwsKeyProvider(this, AwsConnection.Create(options, sandbox));
}
