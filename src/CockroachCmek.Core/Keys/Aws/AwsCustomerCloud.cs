using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>AWS: keys in AWS KMS, a cross-account role as the identity.</summary>
internal sealed class AwsCustomerCloud : ICustomerCloud
{
    private static readonly Regex Key = new(
        @"^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):key/[A-Za-z0-9-]+$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex Alias = new(
        @"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:alias/",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex Role = new(
        @"^arn:aws[a-z-]*:iam::(?<account>\d{12}):role/[\x21-\x7e]+$",
        RegexOptions.CultureInvariant
    );

    public string Provider => "AWS";

    public string DisplayName => "AWS";

    public string KeyType => "AWS_KMS";

    /// <summary>The role's trust policy asks for the organization's id as external id.</summary>
    public bool NeedsOrganizationId => true;

    public IReadOnlyCollection<string> RoleOptions => AwsRoleOptions.Names;

    public IReadOnlyCollection<string> KeyOptions => AwsKeyOptions.Names;

    public IReadOnlyCollection<string> PolicyOptions { get; } = ["Administrator"];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; } =
    [CmekRevocationMethod.Deny, CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey];

    public IVaultTarget VaultTarget { get; } = new AwsVaultTarget();

    public string KeyLocationRemedy => "New-CrdbCmekKey -MultiRegion";

    public KeyUri? ParseKeyUri(string text)
    {
        if (Key.Match(text) is { Success: true } key)
            return KeyUri.Of(text, KeyType, key.Groups["region"].Value, key.Groups["account"].Value);
        if (Alias.IsMatch(text))
            return KeyUri.Malformed(
                text,
                "it is the ARN of an alias, which can be moved to another key; use the key's own ARN "
                    + "(aws kms describe-key --key-id <alias>)"
            );
        return text.StartsWith("arn:", StringComparison.Ordinal)
            ? KeyUri.Malformed(text, "it is not the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>")
            : null;
    }

    public string? PrincipalProblem(string authPrincipal)
    {
        const string form = "arn:aws:iam::<account>:role/<name>";
        if (Role.IsMatch(authPrincipal))
            return null;
        if (Regex.IsMatch(authPrincipal, @"^\d{12}$"))
            return $"it is an AWS account id; use the ARN of the role in your own account, {form}";
        return authPrincipal.Contains(":user/") || authPrincipal.Contains(":root")
            ? $"it is not a role; CockroachDB Cloud can assume roles only, {form}"
            : $"it is not a role ARN, {form}";
    }

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) =>
        Role.Match(authPrincipal) is { Success: true } role && role.Groups["account"].Value != key.Account
            ? $"The role is in account {role.Groups["account"].Value}, the key in {key.Account}: the role needs a policy "
                + "that allows it to use the key, too."
            : null;

    public bool Serves(string location, string region) => location == region;

    /// <summary>On AWS alone the network visibility tells: a cluster with advanced security features is private.</summary>
    public bool LacksAdvancedSecurity(CrdbCluster cluster) => cluster.NetworkVisibility == "PUBLIC";

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) =>
        new AwsKeyProvider(this, AwsConnection.Create(options, sandbox));
}
