namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Key policies for an administrator, without writing: of a new key, or merged into that of an existing key.
/// </summary>
internal sealed class AwsKeyPolicies(AwsRun run)
{
    private const string FallbackRegion = "us-east-1";

    /// <summary>Builds the policy locally; calls AWS only to read an existing key.</summary>
    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var role = RoleArn.Parse(request.AuthPrincipal);
        var region = request.Cluster.Regions.Count > 0 ? request.Cluster.Regions[0].Name : FallbackRegion;
        if (request.KeyUri is not { } uri)
            return OfNewKey(request, role, region);

        var home = AwsKeyArn.TryParse(uri)?.Region ?? region;
        var key = await run.Keys.FindAsync(home, uri) ?? throw AwsErrors.KeyNotFound(uri, home);
        var policy = key.Policy.EnsureGrant(role.Text);
        return Result(request, policy) with
        {
            KeyUri = key.Metadata.Arn,
            Commands =
            [
                $"aws kms put-key-policy --region {home} --key-id {key.KeyId} --policy-name default "
                    + $"--policy {Quoted(policy)}",
            ],
        };
    }

    /// <summary>A key belongs to the account that creates it. The role's account is assumed.</summary>
    private static CmekKeyPolicy OfNewKey(KeyPolicyRequest request, RoleArn role, string region)
    {
        var policy = KeyPolicyDocument.Create(
            AwsPartition.OfRegion(region),
            role.AccountId,
            role.Text,
            AwsKeyOptions.From(request.Options).Administrators
        );
        var alias = AwsNames.Alias(request.Cluster, null);
        return Result(request, policy) with
        {
            Commands =
            [
                .. request.Cluster.Regions.Select(r =>
                    $"aws kms create-alias --region {r.Name} --alias-name {alias} --target-key-id "
                    + $"\"$(aws kms create-key --region {r.Name} --policy {Quoted(policy)} "
                    + "--query KeyMetadata.KeyId --output text)\""
                ),
            ],
        };
    }

    private static CmekKeyPolicy Result(KeyPolicyRequest request, KeyPolicyDocument policy) =>
        new()
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = AwsNames.Provider,
            AuthPrincipal = request.AuthPrincipal,
            Policy = policy.ToString(),
            Statement = KeyPolicyDocument.ToText(KeyPolicyDocument.UseStatement(request.AuthPrincipal)),
        };

    /// <summary>Quoted for a POSIX shell, which AWS documents its commands for.</summary>
    private static string Quoted(KeyPolicyDocument policy) => ShellQuote.Bash(policy.ToCompactString());
}
